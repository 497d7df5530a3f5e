"""The schema, as numbered steps. A step is never edited once it has shipped; a change is a new step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from engine.store.first_steps import m001_tables, m002_views

if TYPE_CHECKING:
    import duckdb

__all__ = ["LATEST", "migrate", "version_of"]


def _m003_decisions(connection: duckdb.DuckDBPyConnection) -> None:
    # What was decided early of which runs. And since runs without their prompt are now made by default, the views that
    # speak of candidates leave those out; `verdicts` says which they are.
    connection.execute(
        """
        create table decisions (
            decision_id varchar primary key, suite_hash varchar not null, suite varchar not null,
            protocol varchar not null, metric varchar not null, seed bigint not null, goal varchar not null,
            alpha double not null, state varchar not null, ranked varchar[] not null, racing varchar[] not null,
            out_at varchar not null, run_ids varchar[] not null, failed varchar[] not null,
            groups_read integer not null, n_groups integer not null, pairs_read integer not null,
            n_pairs integer not null, left_out integer not null, more_pairs integer,
            decided_at timestamptz not null default now());

        drop view correlations;
        drop view leaderboard;
        drop view failures;
        drop view verdicts;

        create view verdicts as
        with scored as (
            select v.*, r.candidate, r.weights_hash, r.precision, r.suite, r.suite_hash, r.protocol, r.template_hash,
                   r.seed, r.prompt as prompt_shown, r.created_at as run_at,
                   case when v.single_chosen_first then v.log_odds_chosen_first
                        else v.log_odds_rejected_first end as one_order
            from verdicts_raw v join runs r using (run_id))
        select s.candidate, s.weights_hash, s.precision, s.suite, p.pair_id, p."group", p.cluster, p.domain,
               array_to_string(p.categories, ';') as categories,
               array_to_string(p.subcategories, ';') as subcategories,
               array_to_string(p.violated, ';') as violated, p.n_violated, s.protocol,
               s.log_odds_chosen_first, s.log_odds_rejected_first, s.ll_chosen, s.ll_rejected,
               s.tokens_chosen, s.tokens_rejected, s.bytes_chosen, s.bytes_rejected,
               (1 + sign(s.one_order)) / 2 as single,
               (1 + sign(s.log_odds_chosen_first + s.log_odds_rejected_first)) / 2 as averaged,
               (1 + sign(s.log_odds_chosen_first)) * (1 + sign(s.log_odds_rejected_first)) / 4 as strict,
               (1 + sign(s.ll_chosen - s.ll_rejected)) / 2 as sum,
               (1 + sign(s.ll_chosen / s.tokens_chosen - s.ll_rejected / s.tokens_rejected)) / 2 as per_token,
               (1 + sign(s.ll_chosen / s.bytes_chosen - s.ll_rejected / s.bytes_rejected)) / 2 as per_byte,
               s.suite_hash, s.template_hash, s.seed, s.run_id, s.run_at, p.position,
               x.pair_id is not null as excluded, s.prompt_shown
        from scored s join pairs p on p.suite_hash = s.suite_hash and p.position = s.position
        left join annotations x on x.suite_hash = p.suite_hash and x.pair_id = p.pair_id and x.kind = 'exclude';

        create view leaderboard as
        select candidate, any_value(weights_hash) as weights_hash, precision, suite, protocol,
               case protocol when 'choice' then 'averaged' else 'per_byte' end as metric,
               avg(coalesce(averaged, per_byte)) as value, 0.5 as chance, count(*) as n_pairs,
               count(distinct cluster) as n_clusters, run_id, any_value(run_at) as run_at
        from verdicts where not excluded and prompt_shown = 'own'
        group by candidate, precision, suite, protocol, run_id
        order by suite, protocol, value desc, candidate;

        create view failures as
        select candidate, precision, suite, protocol, pair_id, domain, subcategories, violated, n_violated,
               case protocol when 'choice' then (log_odds_chosen_first + log_odds_rejected_first) / 2
                    else ll_chosen / bytes_chosen - ll_rejected / bytes_rejected end as margin,
               log_odds_chosen_first, log_odds_rejected_first, ll_chosen, ll_rejected, run_id, excluded
        from verdicts where coalesce(averaged, per_byte) < 1 and prompt_shown = 'own'
        order by candidate, suite, protocol, margin;

        create view correlations as
        select l.suite, l.protocol, l.metric, o.outcome, corr(l.value, o.score) as pearson, count(*) as n
        from leaderboard l join outcomes o using (candidate)
        group by l.suite, l.protocol, l.metric, o.outcome having count(*) >= 3;
        """
    )


def _m004_measured_apart(connection: duckdb.DuckDBPyConnection) -> None:
    # What is measured of a candidate without pairs: the loss of every token of a reasoning trace, and how the
    # eigenvalues of every weight matrix fall off. Predictors are worked out from these when they are asked for.
    connection.execute(
        """
        create table trace_sets (
            traces_hash varchar primary key, name varchar not null, n_traces integer not null,
            weighted boolean not null, masked boolean not null, content varchar not null,
            added_at timestamptz not null default now());
        create table trace_runs (
            run_id varchar primary key, traces_hash varchar not null, weights_hash varchar not null,
            candidate varchar not null, precision varchar not null, run_key varchar not null,
            created_at timestamptz not null default now());
        create table trace_scores (
            run_id varchar not null, position integer not null, logprob blob, lengths integer[], skipped varchar,
            primary key (run_id, position));
        create table spectra (
            weights_hash varchar not null, tensor varchar not null, n_rows integer not null, n_columns integer not null,
            alpha double, largest double, least double, n_tail integer, distance double,
            primary key (weights_hash, tensor));
        alter table predictors add column lower_is_better boolean default false;
        """
    )


def _m005_construction(connection: duckdb.DuckDBPyConnection) -> None:
    # Every answer of a generator or verifier under the hash of what was asked, and what was made of them.
    connection.execute(
        """
        create table construct_calls (
            call_key varchar primary key, run_id varchar not null, example_id varchar not null,
            purpose varchar not null, model varchar not null, request varchar not null, answer varchar not null,
            finish varchar not null, prompt_tokens integer not null, completion_tokens integer not null,
            attempts integer not null, seconds double not null, asked_at timestamptz not null default now());
        create table construct_runs (
            run_id varchar primary key, name varchar not null, method varchar not null, generator varchar not null,
            verifier varchar not null, settings varchar not null, prompts varchar not null, n_planned integer not null,
            status varchar not null, owner_pid integer, owner_started double, owner_host varchar, error varchar,
            facts varchar not null default '{}', created_at timestamptz not null default now(),
            updated_at timestamptz not null default now());
        create table construct_examples (
            run_id varchar not null, example_id varchar not null, position integer not null, prompt_id varchar not null,
            kind varchar not null, status varchar not null, reason varchar not null, response varchar not null,
            criteria varchar not null, violated varchar[] not null, rounds integer not null,
            judgements varchar not null, calls varchar[] not null, updated_at timestamptz not null default now(),
            primary key (run_id, example_id));
        create table construct_decisions (
            run_id varchar not null, example_id varchar not null, decision varchar not null, response varchar,
            note varchar not null, decided_at timestamptz not null default now(), primary key (run_id, example_id));
        create table construct_readings (
            run_id varchar not null, example_id varchar not null, criterion varchar not null, reader varchar not null,
            met boolean not null, corrects boolean not null, read_at timestamptz not null default now(),
            primary key (run_id, example_id, criterion, reader));
        create table verifier_trials (
            trial_id varchar primary key, verifier varchar not null, votes integer not null,
            wording_hash varchar not null, suite varchar not null, readings varchar not null, failed integer not null,
            created_at timestamptz not null default now());
        """
    )


def _m006_post_training(connection: duckdb.DuckDBPyConnection) -> None:
    # One row for each candidate, recipe and seed; how training went, step by step; and what answers were worth.
    connection.execute(
        """
        create table posttrain_runs (
            run_id varchar primary key, candidate varchar not null, weights_hash varchar not null,
            suite varchar not null, suite_hash varchar not null, recipe varchar not null, recipe_hash varchar not null,
            settings varchar not null, seed bigint not null, folder varchar not null, status varchar not null,
            owner_pid integer, owner_started double, owner_host varchar, error varchar,
            facts varchar not null default '{}', created_at timestamptz not null default now(),
            updated_at timestamptz not null default now());
        create table posttrain_steps (
            run_id varchar not null, stage varchar not null, step integer not null, metrics varchar not null,
            primary key (run_id, stage, step));
        create table posttrain_scores (
            run_id varchar not null, stage varchar not null, part varchar not null, how varchar not null,
            family varchar not null, subcategory varchar not null, met integer not null, judged integer not null,
            primary key (run_id, stage, part, how, family, subcategory));
        """
    )


def _m007_examples_under_way(connection: duckdb.DuckDBPyConnection) -> None:
    # Examples of a construction that are being made right now, for whoever looks on from another process.
    connection.execute(
        """
        create table construct_under_way (
            run_id varchar not null, example_id varchar not null, moment varchar not null,
            updated_at timestamptz not null default now(), primary key (run_id, example_id));
        """
    )


def _m008_outcome_directions(connection: duckdb.DuckDBPyConnection) -> None:
    # Which end of an outcome is the better one; null where nobody has said, and higher is taken to be. Correlations
    # stay those of the numbers as they were given, so the view says which way they are to be read.
    connection.execute(
        """
        alter table outcomes add column lower_is_better boolean;
        create or replace view correlations as
        select l.suite, l.protocol, l.metric, o.outcome, corr(l.value, o.score) as pearson, count(*) as n,
               coalesce(any_value(d.lower_is_better), false) as lower_is_better
        from leaderboard l join outcomes o using (candidate)
        join (select outcome, bool_or(lower_is_better) as lower_is_better from outcomes group by outcome) d
            on d.outcome = o.outcome
        group by l.suite, l.protocol, l.metric, o.outcome having count(*) >= 3;
        """
    )


def _m009_boots(connection: duckdb.DuckDBPyConnection) -> None:
    # A machine may change its name and its clock; which start of it a process belongs to, it cannot.
    connection.execute("alter table runs add column owner_boot varchar")
    connection.execute("alter table construct_runs add column owner_boot varchar")
    connection.execute("alter table posttrain_runs add column owner_boot varchar")


def _m010_forgetting(connection: duckdb.DuckDBPyConnection) -> None:
    # What was forgotten, and until when it can be brought back: the rows themselves lie in the schema `forgotten`.
    # And traces have an owner too, so that two processes do not do the same and one that was left can be taken over;
    # those of earlier versions did not say how they ended.
    connection.execute(
        """
        create table forgettings (
            number bigint primary key, kind varchar not null, key varchar not null, name varchar not null,
            counts varchar not null, forgotten_at timestamptz not null default now());
        """
    )
    connection.execute("alter table trace_runs add column status varchar default 'done'")
    for column in ("owner_pid integer", "owner_started double", "owner_host varchar", "owner_boot varchar"):
        connection.execute(f"alter table trace_runs add column {column}")
    connection.execute("alter table trace_runs add column error varchar")
    connection.execute("alter table trace_runs add column facts varchar default '{}'")
    connection.execute("alter table trace_runs add column updated_at timestamptz")


def _m011_outcome_domains(connection: duckdb.DuckDBPyConnection) -> None:
    # What an outcome is the outcome of: a domain of a suite, a category or a subcategory; null where nobody has said.
    connection.execute("alter table outcomes add column domain varchar")


def _m012_how_outcomes_were_measured(connection: duckdb.DuckDBPyConnection) -> None:
    # Scale, number of samples and date of a score, null where nobody has said; and what names in other programs' files
    # are called here, as a person has said.
    connection.execute("alter table outcomes add column scale double")
    connection.execute("alter table outcomes add column samples bigint")
    connection.execute("alter table outcomes add column measured varchar")
    connection.execute(
        """
        create table outcome_names (
            name varchar primary key, candidate varchar not null, said_at timestamptz not null default now());
        """
    )


def _m013_kin(connection: duckdb.DuckDBPyConnection) -> None:
    # What a model's files tell of whose kin it is, with a thin sample of its weights; and families as a person says.
    connection.execute(
        """
        create table kin (
            weights_hash varchar primary key, model_type varchar not null, layers integer not null,
            hidden integer not null, heads integer not null, vocabulary varchar not null, tensors varchar not null,
            samples blob not null);
        create table families (
            candidate varchar primary key, family varchar not null, said_at timestamptz not null default now());
        """
    )


def _m014_expert_traces(connection: duckdb.DuckDBPyConnection) -> None:
    # Rank, entropy and margin of a trace's tokens beside their log-probability, packed as those of a response are; and
    # which traces are the expert solutions of an outcome, null where nobody has said.
    connection.execute("alter table trace_scores add column scores blob")
    connection.execute("alter table outcomes add column traces varchar")


def _m015_assays(connection: duckdb.DuckDBPyConnection) -> None:
    # What is measured of a candidate on request and apart from verdicts, item by item: each assay says what its
    # measures are, and predictors are worked out from them when they are asked for.
    connection.execute(
        """
        create table assay_runs (
            run_id varchar primary key, assay varchar not null, asked_hash varchar not null,
            suite_hash varchar not null, weights_hash varchar not null, candidate varchar not null,
            precision varchar not null, run_key varchar not null, status varchar not null default 'started',
            owner_pid integer, owner_started double, owner_host varchar, owner_boot varchar, error varchar,
            facts varchar not null default '{}', created_at timestamptz not null default now(),
            updated_at timestamptz not null default now());
        create table assay_items (
            run_id varchar not null, position integer not null, item varchar not null, cluster varchar not null,
            measures varchar not null, primary key (run_id, position));
        """
    )


def _m016_trace_log(connection: duckdb.DuckDBPyConnection) -> None:
    # How far the tail of a matrix's eigenvalues is from the trace-log condition; null where that was not yet measured.
    connection.execute("alter table spectra add column trace_log double")


def _m017_conditions(connection: duckdb.DuckDBPyConnection) -> None:
    # Shots, version of the task, template: null where nobody has said how a score was measured.
    connection.execute("alter table outcomes add column conditions varchar")


def _m018_seconds_of_spectra(connection: duckdb.DuckDBPyConnection) -> None:
    # What measuring a matrix took; null where that was not yet kept.
    connection.execute("alter table spectra add column seconds double")


def _m019_asked(connection: duckdb.DuckDBPyConnection) -> None:
    # What was asked for and has not come to its end, so that it can be taken up whole.
    connection.execute(
        "create table asked (asked_hash varchar primary key, function varchar not null, request varchar not null, "
        "runs integer not null, asked_at timestamptz not null default now())"
    )


_STEPS: Final[tuple[Callable[[duckdb.DuckDBPyConnection], None], ...]] = (
    m001_tables,
    m002_views,
    _m003_decisions,
    _m004_measured_apart,
    _m005_construction,
    _m006_post_training,
    _m007_examples_under_way,
    _m008_outcome_directions,
    _m009_boots,
    _m010_forgetting,
    _m011_outcome_domains,
    _m012_how_outcomes_were_measured,
    _m013_kin,
    _m014_expert_traces,
    _m015_assays,
    _m016_trace_log,
    _m017_conditions,
    _m018_seconds_of_spectra,
    _m019_asked,
)
LATEST: Final = len(_STEPS)


def version_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Number of the last step this database has seen; 0 for an empty one."""
    tables = connection.execute(
        "select count(*) from information_schema.tables "
        "where table_name = 'schema_version' and table_catalog = current_database()"
    ).fetchone()
    if not tables or not tables[0]:
        return 0
    row = connection.execute("select coalesce(max(version), 0) from schema_version").fetchone()
    return int(row[0]) if row else 0


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the database to `LATEST`, one transaction a step, so that a step is done whole or not at all."""
    connection.execute(
        "create table if not exists schema_version (version integer primary key, applied_at timestamptz default now())"
    )
    for number in range(version_of(connection) + 1, LATEST + 1):
        connection.begin()
        try:
            _STEPS[number - 1](connection)
            connection.execute("insert into schema_version (version) values (?)", [number])
        except BaseException:
            connection.rollback()
            raise
        connection.commit()
