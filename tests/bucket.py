"""Storage that speaks S3 over HTTP, for tests: moto, which keeps what it got while it is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from tests.torture.gate import free_port

URL = "s3://mail/kept"


@dataclass
class Storage:
    """A server of buckets."""

    port: int
    _server: ThreadedMotoServer | None = None

    @property
    def environ(self) -> dict[str, str]:
        """What a client of it has in its environment."""
        return {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
        }

    def start(self) -> None:
        """Answer."""
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    @contextmanager
    def bucket(self) -> Iterator[str]:
        """Make an empty bucket; give its address."""
        with self._client() as client:
            place = {"LocationConstraint": "eu-central-1"}
            client.create_bucket(Bucket="mail", CreateBucketConfiguration=place)
        yield URL
        with self._client() as client:
            for name in self.names():
                client.delete_object(Bucket="mail", Key=name)
            client.delete_bucket(Bucket="mail")

    def names(self) -> list[str]:
        """Return what is in the bucket."""
        with self._client() as client:
            return [one["Key"] for one in client.list_objects_v2(Bucket="mail").get("Contents", ())]

    @contextmanager
    def _client(self) -> Iterator[Any]:
        client = boto3.client(  # type: ignore[no-untyped-call]
            "s3",
            endpoint_url=self.environ["AWS_ENDPOINT_URL"],
            region_name="eu-central-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
        )
        yield client
        client.close()


@contextmanager
def storage() -> Iterator[Storage]:
    """Run a server of buckets."""
    made = Storage(free_port())
    made.start()
    try:
        yield made
    finally:
        made.stop()
