"""Purging in small transactions, on a real PostgreSQL."""

from sqlalchemy import text

from seawall.sql import open_database, purge

DELETE = text("""
DELETE FROM numbers WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM numbers WHERE n < :below LIMIT :limit FOR UPDATE SKIP LOCKED
))
""")


async def test_all_that_is_old_goes_in_small_transactions(database_url: str) -> None:
    """Each batch is a transaction of its own: what another replica holds is passed over, not waited for."""
    async with open_database(database_url) as database:
        async with database.transaction() as connection:
            await connection.execute(text("CREATE TABLE numbers AS SELECT generate_series(1, 1000) AS n"))
            await connection.execute(text("CREATE TABLE deletes (xid xid8)"))
            await connection.execute(
                text("""
                CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO deletes VALUES (pg_current_xact_id()); RETURN NULL; END $$
                """)
            )
            await connection.execute(
                text("CREATE TRIGGER t AFTER DELETE ON numbers EXECUTE FUNCTION remember()")
            )
        async with database.transaction() as other:
            await other.execute(text("SELECT FROM numbers WHERE n = 7 FOR UPDATE"))
            assert await purge(database, DELETE, {"below": 500}, batch=100, pause_seconds=0) == 498
        async with database.connection() as connection:
            left = (await connection.execute(text("SELECT count(*) FROM numbers"))).scalar_one()
            transactions = (
                await connection.execute(text("SELECT count(DISTINCT xid) FROM deletes"))
            ).scalar_one()
    assert (left, transactions) == (502, 5)
