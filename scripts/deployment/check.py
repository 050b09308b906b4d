"""Holds docker-compose.yml, k8s/ and the chart against each other and against what the programs know.

    check.py compose                  docker-compose.yml alone
    check.py kubernetes K8S CHART     both rendered into files; the chart with its default values
    check.py rules                    the copy of the alerts in k8s/monitoring
    check.py rules --write            makes that copy anew

Says what is wrong, one thing a line, and ends with 1 then.
"""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ["ingest", "transcode", "delivery", "api"]
# SHUTDOWN_GRACE_SECONDS, uploads, Kafka and finished broadcasts follow one another: docs/DEPLOYMENT.md#upgrades.
WAITS_AT_THE_END = 27
MISTAKES = []


def expect(is_true, sentence):
    if not is_true:
        MISTAKES.append(sentence)


def text(path):
    return (ROOT / path).read_text()


def variables():
    """What the programs read, which .env.example lists."""
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", text(".env.example"), re.MULTILINE))


# Compose


def compose():
    document = yaml.safe_load(text("docker-compose.yml"))
    services, known = document["services"], variables()
    has_health = {name: "healthcheck" in service for name, service in services.items()}
    for name in SERVICES:
        service = services[name]
        dockerfile = text(service["build"]["dockerfile"])
        has_health[name] = "\nHEALTHCHECK " in dockerfile
        shown = re.search(r"^EXPOSE .*\b9464\b", dockerfile, re.MULTILINE)
        expect(shown, f"compose: the image of {name} does not name its port of metrics")
        for variable in service["environment"]:
            expect(variable in known, f"compose: {name} is given {variable}, which is not in .env.example")
        expect(service.get("read_only"), f"compose: {name} can write to its image")
        grace = int(service["stop_grace_period"].removesuffix("s"))
        expect(grace >= WAITS_AT_THE_END, f"compose: {name} is killed before it has ended")
    for name in ["delivery", "api"]:
        proxy = services["proxy"]["networks"]["default"]["ipv4_address"]
        trusted = services[name]["environment"].get("TRUSTED_PROXIES")
        expect(trusted == proxy, f"compose: {name} does not trust the proxy")
    for name, service in services.items():
        expect(has_health[name], f"compose: {name} has no health check")
        expect("no-new-privileges:true" in service.get("security_opt", []), f"compose: {name} may get more rights")
        expect(service.get("cap_drop") == ["ALL"], f"compose: {name} keeps capabilities")
        limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
        expect("memory" in limits, f"compose: {name} has no limit of memory")
        expect(service.get("restart") == "unless-stopped", f"compose: {name} stays away when it ends")
        wanted = service.get("depends_on", {})
        for other in wanted:
            expect(other in services, f"compose: {name} waits for {other}, which is not there")
            if isinstance(wanted, dict) and wanted[other]["condition"] == "service_healthy":
                expect(has_health.get(other), f"compose: {name} waits for the health of {other}, which has no check")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                expect((ROOT / source).exists(), f"compose: {name} mounts {source}, which is not there")
            else:
                expect(source in document["volumes"], f"compose: {name} has the volume {source}, which is not declared")
        ours = "build" in service
        expect(ours or re.search(r":[\w.]*\d", service["image"]), f"compose: {name} has an image without a version")


# Kubernetes

GENERATED = ("helm.sh/", "checksum/", "app.kubernetes.io/version", "app.kubernetes.io/managed-by")


def substance(value):
    """A manifest without what only says who made it."""
    if isinstance(value, dict):
        cleaned = {k: substance(v) for k, v in value.items() if not k.startswith(GENERATED)}
        return {k: v for k, v in cleaned.items() if not (k == "annotations" and v == {})}
    if isinstance(value, list):
        return [substance(item) for item in value]
    return value


def manifests(path):
    found = {}
    for document in yaml.safe_load_all(pathlib.Path(path).read_text()):
        if document:
            found[document["kind"], document["metadata"]["name"]] = substance(document)
    return found


def differences(ours, theirs, path=""):
    if type(ours) is type(theirs) is dict:
        for key in sorted(ours.keys() | theirs.keys()):
            yield from differences(ours.get(key), theirs.get(key), f"{path}.{key}")
    elif type(ours) is type(theirs) is list and len(ours) == len(theirs):
        for index, pair in enumerate(zip(ours, theirs)):
            yield from differences(*pair, f"{path}[{index}]")
    elif ours != theirs:
        yield f"{path}: k8s has {ours}, the chart {theirs}"


def pods(objects):
    for (kind, name), document in objects.items():
        if kind in ("Deployment", "Job"):
            yield kind, name, document["spec"]["template"]


def confined(name, pod):
    spec = pod["spec"]
    expect(spec["securityContext"]["runAsNonRoot"], f"{name} may run as root")
    expect(spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, f"{name} has all system calls")
    expect(spec["automountServiceAccountToken"] is False, f"{name} has a token of Kubernetes")
    expect(spec["enableServiceLinks"] is False, f"{name}: names of Services become its variables")
    for container in spec["containers"]:
        security = container["securityContext"]
        expect(security["readOnlyRootFilesystem"], f"{name} can write to its image")
        expect(security["allowPrivilegeEscalation"] is False, f"{name} may get more rights")
        expect(security["capabilities"]["drop"] == ["ALL"], f"{name} keeps capabilities")
        expect("memory" in container["resources"]["limits"], f"{name} has no limit of memory")


def environment(name, container, objects, known):
    names = {entry["name"] for entry in container.get("env", [])}
    for source in container.get("envFrom", []):
        names |= objects["ConfigMap", source["configMapRef"]["name"]]["data"].keys()
    for variable in names:
        expect(variable in known, f"{name} is given {variable}, which is not in .env.example")
    return {
        entry["valueFrom"]["secretKeyRef"]["key"]
        for entry in container.get("env", [])
        if "secretKeyRef" in entry.get("valueFrom", {})
    }


def matches(selector, labels):
    return selector.items() <= labels.items()


def kubernetes(ours, chart):
    ours, theirs = manifests(ours), manifests(chart)
    ours.pop(("Namespace", "sluice"))
    for key in sorted(ours.keys() | theirs.keys()):
        if key not in ours or key not in theirs:
            MISTAKES.append(f"{' '.join(key)} is only in {'k8s' if key in ours else 'the chart'}")
        else:
            MISTAKES.extend(f"{' '.join(key)}{line}" for line in differences(ours[key], theirs[key]))

    known, secrets, labels = variables(), set(), {}
    for kind, name, pod in pods(ours):
        labels[name] = pod["metadata"]["labels"]
        confined(name, pod)
        [container] = pod["spec"]["containers"]
        secrets |= environment(name, container, ours, known)
        if kind == "Deployment":
            drain = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
            grace = pod["spec"]["terminationGracePeriodSeconds"]
            expect(grace >= drain + WAITS_AT_THE_END, f"{name} is killed before it has ended")
    example = yaml.safe_load(text("k8s/secret.example.yaml"))["stringData"].keys()
    expect(example <= secrets, f"secret.example.yaml has {example - secrets}, which nobody reads")
    for name in SERVICES:
        full = f"sluice-{name}"
        for kind in ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"):
            expect((kind, full) in ours, f"there is no {kind} {full}")
        service = ours["Service", full]["spec"]
        expect(matches(service["selector"], labels[full]), f"Service {full} has no pods")
        [container] = ours["Deployment", full]["spec"]["template"]["spec"]["containers"]
        ports = {port["name"] for port in container["ports"]}
        for port in service["ports"]:
            expect(port["targetPort"] in ports, f"Service {full} leads to {port['targetPort']}, which is no port")
        for kind, path in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
            selector = ours[kind, full]["spec"][path]["matchLabels"]
            expect([n for n in labels if matches(selector, labels[n])] == [full], f"{kind} {full} is of other pods")
    everybody = ours["NetworkPolicy", "sluice"]["spec"]["podSelector"]["matchLabels"]
    expect(all(matches(everybody, each) for each in labels.values()), "a pod has no network policy")
    [version] = re.findall(r'versionNumber = "(.*)"', text("Sources/StreamingCore/Configuration/Invocation.swift"))
    expect(yaml.safe_load(text("helm/sluice/Chart.yaml"))["appVersion"] == version, f"the chart is not of {version}")
    for kind, name, pod in pods(ours):
        image = pod["spec"]["containers"][0]["image"]
        expect(image.endswith(f":{version}"), f"{name} has the image {image}, and the programs are {version}")
    most = ours["HorizontalPodAutoscaler", "sluice-transcode"]["spec"]["maxReplicas"]
    partitions = int(ours["ConfigMap", "sluice"]["data"]["KAFKA_PARTITIONS"])
    expect(most <= partitions, f"{most} transcode share {partitions} partitions")


# Alerts

RULE = "k8s/monitoring/prometheus-rule.yaml"


def rules(write):
    alerts = text("monitoring/prometheus-alerts.yaml")
    expect(text("helm/sluice/prometheus-alerts.yaml") == alerts, "the chart has other alerts than monitoring/")
    indented = "".join(f"  {line}".rstrip() + "\n" for line in alerts.splitlines() if not line.startswith("#"))
    rule = f"""# A copy of monitoring/prometheus-alerts.yaml: scripts/deployment-check.sh --write makes it anew.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: sluice
  namespace: sluice
  labels:
    app.kubernetes.io/name: sluice
    app.kubernetes.io/instance: sluice
spec:
{indented}"""
    if write:
        (ROOT / RULE).write_text(rule)
    expect(text(RULE) == rule, f"{RULE} is not monitoring/prometheus-alerts.yaml: run deployment-check.sh --write")


match sys.argv[1:]:
    case ["compose"]:
        compose()
    case ["kubernetes", ours, chart]:
        kubernetes(ours, chart)
    case ["rules"]:
        rules(write=False)
    case ["rules", "--write"]:
        rules(write=True)
    case _:
        sys.exit(__doc__)
for mistake in MISTAKES:
    print(f"deployment-check: {mistake}", file=sys.stderr)
sys.exit(1 if MISTAKES else 0)
