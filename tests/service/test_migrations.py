"""The schema of the database: what Alembic makes is what the code expects, on every path to it."""

import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from redactor.auth import store
from redactor.database import HEAD, VERSION_TABLE, connect, migrate
from redactor.errors import ConfigurationError
from redactor.review import schema as review
from redactor.service.jobs import schema as queue

METADATA = [queue.metadata, store.metadata, review.metadata]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/queue.sqlite"
    server = request.getfixturevalue("postgres")
    name = f"m{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as c:
        c.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def engine(url):
    made = connect(url)
    yield made
    made.dispose()


def differences(engine):
    with engine.begin() as c:
        context = MigrationContext.configure(
            c, opts={"compare_type": True, "include_name": lambda name, kind, _: name != VERSION_TABLE}
        )
        return compare_metadata(context, METADATA)


def revision(engine):
    with engine.connect() as c:
        return c.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one()


def test_a_fresh_database_has_the_tables_that_the_code_expects(engine):
    migrate(engine)
    assert differences(engine) == []
    assert revision(engine) == HEAD
    migrate(engine)
    assert differences(engine) == []


def test_head_is_the_newest_revision():
    config = Config()
    config.set_main_option("script_location", "redactor:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_queue_of_an_earlier_version_is_adopted(engine):
    with engine.begin() as c:
        queue.metadata.create_all(c)
        c.execute(text("ALTER TABLE redactor_jobs DROP COLUMN wanted"))
        c.execute(text("ALTER TABLE redactor_jobs DROP COLUMN told"))
        c.execute(
            text(
                "INSERT INTO redactor_jobs (key, audio, source, direction, sealed, state, attempts, crashes,"
                " not_before, lease, worker, added, ended, reason, message, hint, exit_code, duration, bleeped) VALUES"
                " ('k', '', 'path', '', '', 'queued', 0, 0, 0, 0, '', 1, 0, '', '', '', 0, 0, 0)"
            )
        )
    migrate(engine)
    assert differences(engine) == []
    with engine.connect() as c:
        assert c.execute(text("SELECT key, wanted, told FROM redactor_jobs")).all() == [("k", 0, 0)]


def test_messages_from_before_the_sendings_get_one_of_an_unknown_place(engine):
    with engine.begin() as c:
        review.messages.create(c)
        values = {column.name: "" if column.type.python_type is str else 0 for column in review.messages.columns}
        c.execute(review.messages.insert().values(values | {"id": "f" * 64}))
    migrate(engine)
    assert differences(engine) == []
    with engine.connect() as c:
        assert c.execute(review.sendings.select()).all() == [("f" * 64, "f" * 64, "")]


def test_of_several_that_start_at_once_one_migrates(url):
    gate = threading.Barrier(4)

    def start(_):
        engine = connect(url)
        gate.wait()
        migrate(engine)
        engine.dispose()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(start, range(4))) == [None] * 4
    engine = connect(url)
    assert differences(engine) == []
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(engine):
    migrate(engine)
    with engine.begin() as c:
        c.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="newer version"):
        migrate(engine)
    assert revision(engine) == "9999"


def test_a_migration_that_fails_leaves_the_database_as_it_was(engine, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError

    with engine.begin() as c:
        queue.metadata.create_all(c)
        c.execute(text("ALTER TABLE redactor_jobs DROP COLUMN wanted"))
    monkeypatch.setattr(op, "add_column", fails)
    with pytest.raises(RuntimeError):
        migrate(engine)
    assert set(inspect(engine).get_table_names()) == set(queue.metadata.tables)


def run_python(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def test_alembic_is_only_imported_to_migrate(tmp_path):
    """The first start imports it, the next does not, nor does the command line's help."""
    program = (
        "import sys; from redactor import database\n"
        "def migrated():\n"
        f"    database.migrate(database.connect('sqlite:///{tmp_path}/q.sqlite'))\n"
        "    return 'alembic' in sys.modules\n"
        "print(migrated())"
    )
    run = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout for _ in "12"
    ]
    assert run == ["True\n", "False\n"]
    program = (
        "import sys; from redactor.cli.main import main\nsys.argv = ['redactor', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('alembic' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    assert run_python(program).splitlines()[-1] == "False False"


def test_an_error_that_is_no_lock_is_reported_at_once(tmp_path):
    began = time.monotonic()
    with pytest.raises(OperationalError, match="unable to open"):
        connect(f"sqlite:///{tmp_path}/missing/queue.sqlite").connect()
    assert time.monotonic() - began < 5
