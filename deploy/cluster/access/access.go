// Package access is how the programs of a test cluster come to it.
package access

import (
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// File is where a client of the administrator finds the cluster of a folder.
func File(dir string) string { return filepath.Join(dir, "kubeconfig") }

// Client is one, with the address of the API server.
func Client(dir string) (*kubernetes.Clientset, *rest.Config, error) {
	c, err := clientcmd.BuildConfigFromFlags("", File(dir))
	if err != nil {
		return nil, nil, err
	}
	c.QPS = -1 // it is our own server
	k, err := kubernetes.NewForConfig(c)
	return k, c, err
}
