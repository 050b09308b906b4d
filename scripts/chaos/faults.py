"""What is done to the cluster, and what viewers may notice of it."""

import dataclasses
import time
import typing

#: How long something is dead before it is started again, and how long it stands still.
DEAD_SECONDS, PAUSE_SECONDS = 6, 10
#: How long it is watched what comes after a fault.
AFTER_SECONDS = 8


@dataclasses.dataclass
class Fault:
    name: str
    #: Does it, and undoes it.
    act: typing.Callable
    #: The most that a viewer of low latency may stall, if there is a bar.
    stall_seconds_max: float | None = None
    #: Whether it is among those of the short form.
    is_short: bool = False
    after_seconds: float = AFTER_SECONDS


def nothing(stage):
    time.sleep(PAUSE_SECONDS)


def killed(choose):
    def act(stage):
        name = choose(stage)
        stage.cluster.kill(name)
        time.sleep(DEAD_SECONDS)
        stage.cluster.start(name)
        return name
    return act


def paused(choose):
    def act(stage):
        name = choose(stage)
        stage.cluster.signal(name, "STOP")
        time.sleep(PAUSE_SECONDS)
        stage.cluster.signal(name, "CONT")
        return name
    return act


def stopped(name, seconds):
    def act(stage):
        stage.cluster.stop(name)
        time.sleep(seconds)
        stage.cluster.start(name)
    return act


def emptied_redis(stage):
    stage.cluster.kill("redis")
    stage.cluster.start("redis")


def unreachable_broker(stage):
    stage.cluster.signal("kafka", "USR1")
    time.sleep(20)
    stage.cluster.signal("kafka", "USR2")


def broken_s3(mode):
    def act(stage):
        stage.s3.mode = mode
        time.sleep(20)
        stage.s3.mode = "whole"
    return act


def one(name):
    return lambda stage: name


def publisher_ingest(stage):
    return f"ingest-{stage.publisher.place + 1}"


def busy_transcode(stage):
    return stage.cluster.busiest("transcode")


def idle_transcode(stage):
    return "transcode-2" if busy_transcode(stage) == "transcode-1" else "transcode-1"


FAULTS = [
    Fault("nothing", nothing, 0),
    Fault("kill transcode, the busy", killed(busy_transcode), 3, is_short=True),
    Fault("kill transcode, the other", killed(busy_transcode), 3),
    Fault("kill transcode, the idle", killed(idle_transcode), 3),
    Fault("kill delivery-1", killed(one("delivery-1")), 0, is_short=True, after_seconds=3),
    Fault("kill delivery-2", killed(one("delivery-2")), 0),
    Fault("kill ingest, the busy", killed(publisher_ingest), is_short=True, after_seconds=3),
    Fault("kill ingest, the other", killed(publisher_ingest)),
    Fault("kill api-1", killed(one("api-1")), 0),
    Fault("kill api-2", killed(one("api-2")), 0),
    Fault("pause transcode 10 s", paused(busy_transcode), after_seconds=12),
    Fault("pause delivery-1 10 s", paused(one("delivery-1"))),
    Fault("pause ingest 10 s", paused(publisher_ingest), after_seconds=12),
    Fault("pause api-1 10 s", paused(one("api-1")), 0),
    Fault("Redis restarted empty", emptied_redis, after_seconds=12),
    Fault("broker away 20 s", unreachable_broker, after_seconds=15),
    Fault("PostgreSQL stopped 20 s", stopped("postgres", 20), 0),
    Fault("PostgreSQL stopped 5 s", stopped("postgres", 5), 0, is_short=True, after_seconds=3),
    Fault("S3 stopped 60 s", stopped("s3", 60)),
    Fault("S3 answers 500", broken_s3("errors")),
    Fault("S3 slow", broken_s3("slow")),
    Fault("S3 truncated", broken_s3("truncated")),
]
