"""Whatever stands in Redis, a record is read or refused with the name of its field."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from fuzzing import bad_values, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from records import a_camera, a_recluster, a_sample, a_source, a_template, a_track, a_webhook, as_stored

import storage
from storage.camera_record import CameraRecord
from storage.camera_status import CameraStatus
from storage.camera_view import CameraView, ViewedFace
from storage.collection_reader import TrackFacts
from storage.dead_letters import DeadEntry
from storage.decision_record import Decision, DecisionKind, Side
from storage.erasure_record import ErasureRecord
from storage.errors import RecordError
from storage.identity_record import ChangeKind, Identity, IdentityChange, Moment, Sighting
from storage.job_record import Job
from storage.recluster_record import ReclusterRecord
from storage.retention_policy import RetentionPolicy
from storage.sample_record import BareSample, FaceSample
from storage.source_record import SegmentDone, SourceRecord
from storage.requests import (
    DecisionRequest,
    EraseRequest,
    Extent,
    ForgetRequest,
    LookAgainRequest,
    ReclusterRequest,
    RetryRequest,
)
from storage.template_record import TemplateTable
from storage.token_record import TokenRecord
from storage.track_record import TrackRecord
from storage.webhook_record import WebhookRecord, WebhookState

