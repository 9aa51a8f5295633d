"""`flask db roles`: the database roles, printed for a superuser or created by one."""

from __future__ import annotations

import click
import psycopg

from app.core import roles
from app.core.db import driver_address


@click.command("roles")
@click.option("--create", "address", help="Address of a superuser to create them with, instead of printing.")
def command(address: str | None) -> None:
    """Print the database and its roles as SQL, or create the roles."""
    if address is None:
        click.echo(roles.script(), nl=False)
        return
    try:
        with psycopg.connect(driver_address(address), autocommit=True) as connection:
            for statement in roles.statements():
                connection.execute(statement.encode())
    except psycopg.Error as error:
        raise click.ClickException(f"The roles could not be created: {error}") from error
    click.echo("The roles are there. Set their passwords in psql with \\password.")
