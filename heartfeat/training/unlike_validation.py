"""Why the validation patients of a run need not be of the same kind as its test patients."""

from pathlib import Path

from heartfeat.training.met_before import counts
from heartfeat.training.runs import RunRecord, load_members


def unlike_validation(record: RunRecord, run: Path) -> list[str]:
    """What tells the test patients of a run, or of the runs that it averages, from its validation patients.

    Parameters
    ----------
    record
        Of the run in the folder ``run``.

    Returns
    -------
    reasons
        One clause each. None where the two are exchangeable as far as a run knows: how a split came about that was
        made elsewhere, it does not.

    Raises
    ------
    RunError
        When a member of an ensemble is missing or was fitted again.
    """
    site, tuned = record.protocol.get("leave_out_site"), counts(record.met_before)[0]
    reasons = {
        f"the site {site} was left out: test patients are heard there, validation patients elsewhere": site,
        f"every fold tests a {record.split_by} that it does not validate on": record.split_by,
        f"{len(record.shared_persons)} persons are on two sides of the split": record.shared_persons,
        f"a backbone was fine-tuned on the labels of {tuned} test patients": tuned,
    }
    found = [reason for reason, there in reasons.items() if there]
    for folder, member in load_members(record, run):
        found += unlike_validation(member, folder)
    return list(dict.fromkeys(found))
