package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// rights is what the server says about the commands that this store needs.
type rights struct {
	lacking string // the first command that the user may not use; empty when there is none
	unknown string // why the server could not answer for some command; empty when it answered for all
}

// noCheck is rights.unknown on a server that has no redis.acl_check_cmd: Redis before 7.0, miniredis.
const noCheck = "-"

// rights asks the server whether the user may use each command that is needed. A server that refuses the question
// itself is an error only where the scripts would meet the same refusal: a missing right to run scripts, another node
// that has the slot, no answer.
func (s *Store) rights(ctx context.Context) (rights, error) {
	answer, _, err := retried(ctx, func(ctx context.Context) ([]string, struct{}, error) {
		answer, err := s.scripts["rights"].Run(ctx, s.client, s.keys.all(s.replica)).StringSlice()
		return answer, struct{}{}, err
	})
	if err != nil {
		var answered redis.Error
		refused := s.refusal(err)
		if errors.As(refused, &answered) && !errors.Is(refused, ErrUnavailable) {
			return rights{unknown: answered.Error()}, nil
		}
		return rights{}, fmt.Errorf("check the rights of the user: %w", refused)
	}
	if len(answer) != 2 {
		return rights{unknown: fmt.Sprintf("%d values in the answer, want 2", len(answer))}, nil
	}
	return rights{lacking: answer[0], unknown: answer[1]}, nil
}

// problem is ErrUnsafeServer where the user lacks a command.
func (r rights) problem(s *Store) error {
	if r.lacking == "" {
		return nil
	}
	return s.lacks(r.lacking)
}

// warnings says what a start should log. A server without the check is no reason to: nobody can do anything about it.
func (r rights) warnings(s *Store) []string {
	if r.unknown == "" || r.unknown == noCheck {
		return nil
	}
	return []string{fmt.Sprintf("the rights of the ACL user %s are not known: %s", s.user(), r.unknown)}
}

func (s *Store) rightsFinding(ctx context.Context) Finding {
	found, err := s.rights(ctx)
	if err != nil {
		return Finding{"rights", FindingFail, err.Error(), "give the user the rights that docs/operations.md lists"}
	}
	if err := found.problem(s); err != nil {
		return Finding{"rights", FindingFail, err.Error(), "ACL SETUSER " + s.user() + " +" + strings.ToLower(found.lacking)}
	}
	switch found.unknown {
	case "":
		return Finding{"rights", FindingOK, "user " + s.user() + " may use every command that is needed", ""}
	case noCheck:
		return Finding{"rights", FindingOK, "not known: the server cannot check the rights of a user",
			"compare the rights of user " + s.user() + " with docs/operations.md"}
	}
	return Finding{"rights", FindingWarn, "not known: " + found.unknown,
		"compare the rights of user " + s.user() + " with docs/operations.md"}
}
