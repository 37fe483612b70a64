from heartfeat.errors import StoreError
from heartfeat.stores.container import open_container
from heartfeat.stores.location import locate
from heartfeat.stores.verification import Problem, found


def test_a_problem_is_one_line_with_all_that_is_known_of_its_place():
    assert str(Problem("", "odd", "restore")) == "/: odd"
    problem = Problem("features/logmel", "odd", "redo", recording="r", view="clean")
    assert str(problem) == "features/logmel, recording r, view clean: odd"


def test_a_problem_knows_its_feature_set():
    assert Problem("features/logmel/done", "odd", "redo").feature_set == "logmel"
    assert Problem("features", "odd", "restore").feature_set is None
    assert Problem("patients/age", "odd", "restore").feature_set is None


def test_an_error_becomes_a_problem_without_what_the_line_says_anyway(ward, path):
    container = open_container(locate(ward.write(path)))
    error = container.damaged("recordings/site", "it is: odd")
    assert found(container, "recordings", error, "restore") == Problem(
        "recordings/site", "it is: odd", "restore"
    )
    assert found(container, "x", container.damaged("", "odd"), "restore").element == ""
    assert found(container, "x", StoreError("other"), "drop") == Problem("x", "other", "drop")
