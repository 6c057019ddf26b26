"""Kept octets in a bucket, held by a server that speaks S3 over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.store.blobs import Place
from gateway.store.bucket import BucketBlobs
from gateway.store.octets import blobs_at
from tests.bucket import Storage, storage


@pytest.fixture(scope="module")
def server() -> Iterator[Storage]:
    """A server that speaks S3."""
    with storage() as made:
        yield made


@pytest.fixture
def bucket(server: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket."""
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    with server.bucket() as url:
        yield url


def group(blobs: BucketBlobs, *contents: bytes) -> list[Place]:
    places = [blobs.put_small(content) for content in contents]
    blobs.flush()
    blobs.settle()
    return places


def test_a_group_of_small_messages_is_one_object(bucket: str) -> None:
    blobs = BucketBlobs(bucket)
    places = group(blobs, b"one", b"", b"three")
    assert len(blobs.segments()) == 1
    assert [bytes(BucketBlobs(bucket).get(place)) for place in places] == [b"one", b"", b"three"]


def test_a_large_message_is_an_object_of_its_own(bucket: str) -> None:
    place = BucketBlobs(bucket).put_large(b"x" * 300_000)
    assert place.start is None
    assert bytes(BucketBlobs(bucket).get(place)) == b"x" * 300_000


def test_what_is_undone_is_gone(bucket: str) -> None:
    blobs = BucketBlobs(bucket)
    place = blobs.put_small(b"never committed")
    blobs.flush()
    blobs.undo()
    with pytest.raises(FileNotFoundError):
        blobs.get(place)


def test_what_is_taken_back_is_not_put(bucket: str) -> None:
    blobs = BucketBlobs(bucket)
    kept = blobs.put_small(b"kept")
    blobs.take_back(blobs.put_small(b"again"))
    blobs.flush()
    assert bytes(blobs.get(Place(kept.file, 0, 9))) == b"kept"


def test_what_is_freed_is_zeros_and_the_others_stay(bucket: str) -> None:
    blobs = BucketBlobs(bucket)
    freed, kept = group(blobs, b"secret", b"kept")
    blobs.free(freed)
    assert bytes(blobs.get(freed)) == bytes(6)
    assert bytes(blobs.get(kept)) == b"kept"


def test_freeing_what_is_gone_already_is_no_error(bucket: str) -> None:
    blobs = BucketBlobs(bucket)
    blobs.free(Place("large/none", None, 3))
    blobs.free(Place("segments/none", 0, 3))
    assert blobs.segments() == ()


def test_a_group_that_holds_nothing_any_more_is_removed(bucket: str) -> None:
    blobs = BucketBlobs(bucket)
    (place,) = group(blobs, b"one")
    assert blobs.drop_segment(place.file)
    assert blobs.segments() == ()


def test_the_sweep_leaves_alone_what_may_be_committed_yet(bucket: str) -> None:
    blobs = BucketBlobs(bucket)
    place = blobs.put_large(b"x")
    blobs.sweep(frozenset())
    assert bytes(blobs.get(place)) == b"x"


def test_a_bucket_that_is_not_there_is_an_error_of_the_disk(bucket: str) -> None:
    with pytest.raises(OSError, match="bucket"):
        blobs_at("s3://nowhere/kept").put_large(b"x")
