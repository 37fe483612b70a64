from heartfeat.heads.site_codes import site_codes


def test_an_unknown_site_has_a_code_of_its_own(token_examples):
    examples = token_examples(6)
    sites = examples.recordings["site"].to_list()
    codes = site_codes(examples, ("AV", "PV"))
    assert [("AV", "PV", "other")[code] for code in codes] == [
        site if site in ("AV", "PV") else "other" for site in sites
    ]
