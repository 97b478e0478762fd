// Command hello greets people over HTTP. It exists to have dependencies: `larder run` builds it.
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"
	"github.com/olekukonko/tablewriter"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
)

func main() {
	if err := command().Execute(); err != nil {
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var config string
	root := &cobra.Command{
		Use:          "hello",
		Short:        "Greets people in many languages",
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			greetings, err := load(config)
			if err != nil {
				return err
			}
			table := tablewriter.NewWriter(cmd.OutOrStdout())
			table.SetHeader([]string{"language", "greeting"})
			for _, language := range greetings.languages() {
				table.Append([]string{language, greetings[language]})
			}
			table.Render()
			return nil
		},
	}
	root.PersistentFlags().StringVar(&config, "config", "", "a YAML file of greetings")
	root.AddCommand(serve(&config))
	return root
}

func serve(config *string) *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Greets over HTTP",
		RunE: func(cmd *cobra.Command, _ []string) error {
			greetings, err := load(*config)
			if err != nil {
				return err
			}
			log := zerolog.New(cmd.ErrOrStderr()).With().Timestamp().Logger()
			log.Info().Str("listen", listen).Msg("greeting")
			return http.ListenAndServe(listen, router(greetings, log))
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "where to listen")
	return cmd
}

func router(greetings greetings, log zerolog.Logger) http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.Recoverer)
	r.Get("/{language}/{name}", func(w http.ResponseWriter, r *http.Request) {
		greeting, ok := greetings[chi.URLParam(r, "language")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		id := uuid.New()
		log.Info().Stringer("id", id).Str("path", r.URL.Path).Msg("greeted")
		w.Header().Set("X-Request-Id", id.String())
		fmt.Fprintf(w, "%s, %s!\n", greeting, chi.URLParam(r, "name"))
	})
	return r
}
