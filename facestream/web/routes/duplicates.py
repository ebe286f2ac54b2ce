"""Routes of duplicates."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["duplicates"])
