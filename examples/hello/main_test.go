package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTable(t *testing.T) {
	var out bytes.Buffer
	cmd := command()
	cmd.SetOut(&out)
	cmd.SetArgs(nil)
	require.NoError(t, cmd.Execute())
	assert.Contains(t, out.String(), "Guten Tag")
}

func TestGreeting(t *testing.T) {
	file := filepath.Join(t.TempDir(), "greetings.yaml")
	require.NoError(t, os.WriteFile(file, []byte("it: Ciao\n"), 0o600))
	loaded, err := load(file)
	require.NoError(t, err)

	answer := httptest.NewRecorder()
	router(loaded, zerolog.Nop()).ServeHTTP(answer, httptest.NewRequest("GET", "/it/Ada", nil))
	assert.Equal(t, "Ciao, Ada!\n", answer.Body.String())
	assert.NotEmpty(t, answer.Header().Get("X-Request-Id"))
}
