"""The protocol as JSON Schema, so that editors complete and check it as it is typed."""

import json

from vru.protocol.fields import Protocol

FILE = "protocol.schema.json"


def json_schema() -> str:
    """JSON Schema 2020-12 text of ``protocol.yaml``."""
    schema = Protocol.model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "VRU evaluation protocol"}
    return json.dumps({**schema, **head}, indent=1, ensure_ascii=False) + "\n"
