"""Where senza.yaml is looked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from senza.environments import FILE, find, is_definition, look_for


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """above/repository/team/app, the repository with a ``.git``."""
    (tmp_path / "repository" / "team" / "app").mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    return tmp_path


def written(*folders: Path) -> None:
    for folder in folders:
        (folder / FILE).write_text("")


def test_the_nearest_one_up_to_the_root_of_the_repository(tree: Path) -> None:
    repository, app = tree / "repository", tree / "repository" / "team" / "app"
    assert find(app) is None
    written(tree)
    assert find(app) is None
    written(repository)
    assert find(app) == repository / FILE
    written(repository / "team")
    assert find(app) == repository / "team" / FILE
    assert find(repository) == repository / FILE


def test_a_worktree_is_a_repository(tree: Path) -> None:
    (tree / "repository" / ".git").rmdir()
    (tree / "repository" / ".git").write_text("gitdir: /somewhere/else")
    written(tree / "repository")
    assert find(tree / "repository" / "team") == tree / "repository" / FILE


def test_outside_of_a_repository_nobody_climbs(tree: Path) -> None:
    (tree / "repository" / ".git").rmdir()
    written(tree / "repository")
    assert find(tree / "repository" / "team") is None
    assert find(tree / "repository") == tree / "repository" / FILE


def test_nobody_makes_a_repository_of_a_directory_that_is_everybodys(tree: Path) -> None:
    shared = tree / "tmp"
    (shared / ".git").mkdir(parents=True)
    (shared / "senza.yaml").write_text("environments: {}")
    own = shared / "mine" / "definitions"
    own.mkdir(parents=True)
    shared.chmod(0o1777)
    assert find(own) is None
    assert find(shared) == shared / "senza.yaml"  # where somebody works in it
    shared.chmod(0o777)
    assert find(own) == shared / "senza.yaml"


def test_a_pipe_of_that_name_is_none(tree: Path) -> None:
    os.mkfifo(tree / "senza.yaml")
    assert find(tree) is None
    assert not is_definition(tree / "senza.yaml")


def test_a_folder_of_that_name_is_none(tree: Path) -> None:
    (tree / "repository" / FILE).mkdir()
    assert find(tree / "repository") is None


def test_beside_the_definition_first(tree: Path) -> None:
    repository = tree / "repository"
    here = repository / "team"
    written(repository, here)
    (repository / "definitions").mkdir()
    assert look_for("../definitions/app.yaml", here) == repository / FILE
    written(repository / "definitions")
    assert look_for("../definitions/app.yaml", here) == repository / "definitions" / FILE
    assert look_for(f"file://{repository}/definitions/app.yaml", here) == repository / "definitions" / FILE
    assert look_for("https://example.org/app.yaml", here) == here / FILE
    assert look_for(None, here) == here / FILE


def test_a_definition_elsewhere_takes_what_is_here(tree: Path) -> None:
    written(tree / "repository")
    (tree / "other").mkdir()
    assert look_for(str(tree / "other" / "app.yaml"), tree / "repository") == tree / "repository" / FILE


def test_the_usual_folder_of_definitions_comes_last(tree: Path) -> None:
    repository = tree / "repository"
    (repository / "definitions").mkdir()
    written(repository / "definitions")
    assert look_for(None, repository) == repository / "definitions" / FILE
    assert look_for(None, repository / "team") is None
    written(repository)
    assert look_for(None, repository) == repository / FILE


def test_a_definition_of_that_name_is_passed_by(tree: Path) -> None:
    repository = tree / "repository"
    (repository / "definitions").mkdir()
    for text in ("# my app\nSenzaInfo:\n  StackName: a\n", '\ufeff"SenzaInfo": {StackName: a}'):
        for folder in (repository / "team", repository / "definitions"):
            (folder / FILE).write_text(text)
        assert is_definition(repository / "team" / FILE)
        assert find(repository / "team") is None
        assert look_for("senza.yaml", repository / "team") is None
        assert look_for(None, repository) is None
    written(repository)
    assert look_for("senza.yaml", repository / "team") == repository / FILE
    assert not is_definition(repository / FILE)
    assert not is_definition(repository / "missing")


def test_directories_that_may_not_be_looked_into(tree: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may look into every directory")
    app = tree / "repository" / "team" / "app"
    (tree / "repository" / "team").chmod(0)
    try:
        assert find(app) is None
    finally:
        (tree / "repository" / "team").chmod(0o700)
