"""Routes of tracks."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["tracks"])
