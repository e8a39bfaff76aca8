"""How the load's HTTP client reads answers."""

from tools.rehearsal.http_answer import parse


def test_an_answer_is_whole_only_when_its_body_is():
    """Every proper prefix of an answer is not an answer yet."""
    answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello"
    for end in range(len(answer)):
        assert parse(bytearray(answer[:end])) is None
    assert parse(bytearray(answer)) == (202, b"hello", True)


def test_chunks_are_put_together():
    """Chunked bodies, with extensions, end with the empty chunk."""
    answer = (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"
    )
    for end in range(len(answer)):
        assert parse(bytearray(answer[:end])) is None
    assert parse(bytearray(answer)) == (200, b"abc0123456789", True)


def test_an_answer_without_a_body_and_a_closing_connection_are_seen():
    """No length means no body; `connection: close` is not kept."""
    assert parse(bytearray(b"HTTP/1.1 204 No Content\r\n\r\n")) == (204, b"", True)
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 0\r\n\r\n"
    assert parse(bytearray(closing)) == (200, b"", False)
