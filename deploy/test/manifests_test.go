// Package test decodes what deploy/kubernetes has into the types of Kubernetes, strictly. It is a module of its own, as pmdcheck needs none of this.
package test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// decode decodes the documents of a manifest; a field that the type does not have is an error, and so is one that is there twice.
func decode(src string) (all []any, err error) {
	for doc := range strings.SplitSeq(src, "\n---\n") {
		var head metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(doc), &head); err != nil {
			return nil, err
		}
		var x any
		switch head.APIVersion + " " + head.Kind {
		case "batch/v1 Job":
			x = &batchv1.Job{}
		case "v1 PersistentVolumeClaim":
			x = &corev1.PersistentVolumeClaim{}
		case "v1 ServiceAccount":
			x = &corev1.ServiceAccount{}
		case "rbac.authorization.k8s.io/v1 Role":
			x = &rbacv1.Role{}
		case "rbac.authorization.k8s.io/v1 RoleBinding":
			x = &rbacv1.RoleBinding{}
		default:
			return nil, fmt.Errorf("there is no %s %s here", head.APIVersion, head.Kind)
		}
		if err := yaml.UnmarshalStrict([]byte(doc), x); err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}

// read is a manifest, a template filled in as pmdcheck does.
func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer("@NAME@", "pmdcheck-0123456789ab-12-expand-1", "@LEVEL@", "12", "@ROUND@", "expand", "@PARTS@", "16").Replace(string(b))
}

func TestManifests(t *testing.T) {
	files, err := filepath.Glob("../kubernetes/*.yaml")
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		src := read(t, f)
		all, err := decode(src)
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		for _, x := range all {
			if j, ok := x.(*batchv1.Job); ok {
				job(t, f, j)
			}
		}
		// Every line with a field, misspelt, is refused.
		lines := strings.Split(src, "\n")
		for i, line := range lines {
			key, _, ok := strings.Cut(strings.TrimLeft(line, " -"), ":")
			if !ok || key == "" || strings.HasPrefix(strings.TrimSpace(line), "#") || strings.ContainsAny(key, "/[{") || key == "apiVersion" || key == "kind" {
				continue
			}
			bad := slices.Clone(lines)
			bad[i] = strings.Replace(line, key+":", key+"x:", 1)
			if _, err := decode(strings.Join(bad, "\n")); err == nil && key != "app.kubernetes.io/name" && key != "storage" {
				t.Errorf("%s:%d: %q is taken", f, i+1, bad[i])
			}
		}
	}
}

// job holds a job to what pmdcheck counts on: containers by the names that rules use, mounts of volumes that are there, and exit codes for which a pod is not made again.
func job(t *testing.T, file string, j *batchv1.Job) {
	t.Helper()
	spec := j.Spec.Template.Spec
	if spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("%s: a failure policy takes pods that are not restarted", file)
	}
	names := map[string]bool{}
	volumes := map[string]bool{}
	for _, v := range spec.Volumes {
		volumes[v.Name] = true
	}
	for _, c := range spec.Containers {
		names[c.Name] = true
		// What a namespace asks for that takes restricted pods only; it refuses others when the job makes them, and the job waits.
		if c.SecurityContext == nil || *c.SecurityContext.AllowPrivilegeEscalation || !slices.Contains(c.SecurityContext.Capabilities.Drop, "ALL") {
			t.Errorf("%s: the container %s is not restricted", file, c.Name)
		}
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("%s: there is no volume %s", file, m.Name)
			}
		}
		for _, e := range c.Env {
			if e.Name == "PMDCHECK_SHARDS" && e.Value != fmt.Sprint(*j.Spec.Completions) {
				t.Errorf("%s: %s shards and %d completions", file, e.Value, *j.Spec.Completions)
			}
		}
	}
	if indexed := j.Spec.CompletionMode != nil && *j.Spec.CompletionMode == batchv1.IndexedCompletion; indexed != (j.Spec.BackoffLimitPerIndex != nil) {
		t.Errorf("%s: an Indexed Job has a limit for each index", file)
	}
	rules := j.Spec.PodFailurePolicy.Rules
	if r := rules[0]; r.Action != batchv1.PodFailurePolicyActionIgnore || r.OnPodConditions[0].Type != corev1.DisruptionTarget {
		t.Errorf("%s: an eviction is not the first rule, so a task that it interrupts counts as ended", file)
	}
	for _, r := range rules[1:] {
		codes := r.OnExitCodes
		if !names[*codes.ContainerName] || !slices.Contains(codes.Values, 2) || !slices.Contains(codes.Values, 4) || slices.Contains(codes.Values, 0) {
			t.Errorf("%s: %+v", file, codes)
		}
	}
}
