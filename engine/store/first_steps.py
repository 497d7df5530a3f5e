"""The first steps of the schema: the tables that all began with, and the views over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

__all__ = ["m001_tables", "m002_views"]


def m001_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        create table suites (
            suite_hash varchar primary key, name varchar not null, n_pairs integer not null, n_scored integer not null,
            card varchar not null, path varchar, added_at timestamptz not null default now());
        create table pairs (
            suite_hash varchar not null, position integer not null, pair_id varchar not null,
            domain varchar not null, "group" varchar not null, cluster varchar not null,
            prompt varchar not null, prompt_json varchar not null, chosen varchar not null, rejected varchar not null,
            n_violated integer not null, categories varchar[] not null, subcategories varchar[] not null,
            violated varchar[] not null, split varchar, source varchar, license varchar,
            primary key (suite_hash, position));
        create table criteria (
            suite_hash varchar not null, position integer not null, pair_id varchar not null, ordinal integer not null,
            criterion varchar not null, text varchar not null, subcategory varchar not null, category varchar not null,
            violated boolean not null, primary key (suite_hash, position, ordinal));
        create table candidates (
            weights_hash varchar primary key, name varchar not null, path varchar not null, architecture varchar,
            model_type varchar, parameters bigint, weight_bytes bigint, dtype varchar, context integer,
            tokenizer varchar, revision varchar, seen_at timestamptz not null default now());
        create table runs (
            run_id varchar primary key, suite_hash varchar not null, suite varchar not null,
            weights_hash varchar not null, tokenizer_hash varchar not null, candidate varchar not null,
            protocol varchar not null, precision varchar not null, device varchar not null, attention varchar not null,
            template_hash varchar not null, shots integer, show_criteria boolean not null,
            prompt varchar not null, seed bigint not null,
            versions varchar not null, run_key varchar not null, status varchar not null, owner_pid integer,
            owner_started double, owner_host varchar, n_wanted integer not null, n_skipped integer not null default 0,
            error varchar, facts varchar not null default '{}', created_at timestamptz not null default now(),
            updated_at timestamptz not null default now());
        create table verdicts_raw (
            run_id varchar not null, position integer not null,
            log_odds_chosen_first double, log_odds_rejected_first double, ll_chosen double, ll_rejected double,
            tokens_chosen integer, tokens_rejected integer, bytes_chosen integer, bytes_rejected integer,
            single_chosen_first boolean, primary key (run_id, position));
        create table skips (
            run_id varchar not null, pair_id varchar not null, reason varchar not null, tokens integer,
            token_limit integer, primary key (run_id, pair_id));
        create table token_scores (
            run_id varchar not null, pair_id varchar not null, view varchar not null, scores blob not null,
            lengths integer[] not null, primary key (run_id, pair_id, view));
        create table predictors (
            candidate varchar not null, predictor varchar not null, value double not null, ci_low double,
            ci_high double, note varchar, primary key (candidate, predictor));
        create table outcomes (
            candidate varchar not null, outcome varchar not null, score double not null, stderr double, source varchar,
            added_at timestamptz not null default now(), primary key (candidate, outcome));
        create table annotations (
            suite_hash varchar not null, pair_id varchar not null, kind varchar not null, note varchar not null,
            added_at timestamptz not null default now(), primary key (suite_hash, pair_id, kind));
        """
    )


def m002_views(connection: duckdb.DuckDBPyConnection) -> None:
    # `verdicts` is the table others script against; the six metrics follow from the stored columns, ties count ½.
    connection.execute(
        """
        create view verdicts as
        with scored as (
            select v.*, r.candidate, r.weights_hash, r.precision, r.suite, r.suite_hash, r.protocol, r.template_hash,
                   r.seed, r.created_at as run_at,
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
               s.suite_hash, s.template_hash, s.seed, s.run_id, s.run_at, p.position, x.pair_id is not null as excluded
        from scored s join pairs p on p.suite_hash = s.suite_hash and p.position = s.position
        left join annotations x on x.suite_hash = p.suite_hash and x.pair_id = p.pair_id and x.kind = 'exclude';

        -- One row per run and headline metric, without the pairs a person has excluded. Intervals need resampling, so
        -- they are not here: `rude-tui rank`.
        create view leaderboard as
        select candidate, any_value(weights_hash) as weights_hash, precision, suite, protocol,
               case protocol when 'choice' then 'averaged' else 'per_byte' end as metric,
               avg(coalesce(averaged, per_byte)) as value, 0.5 as chance, count(*) as n_pairs,
               count(distinct cluster) as n_clusters, run_id, any_value(run_at) as run_at
        from verdicts where not excluded group by candidate, precision, suite, protocol, run_id
        order by suite, protocol, value desc, candidate;

        -- Every pair whose headline metric is not won, with the log-odds (nats, or nats per byte) it was lost by.
        create view failures as
        select candidate, precision, suite, protocol, pair_id, domain, subcategories, violated, n_violated,
               case protocol when 'choice' then (log_odds_chosen_first + log_odds_rejected_first) / 2
                    else ll_chosen / bytes_chosen - ll_rejected / bytes_rejected end as margin,
               log_odds_chosen_first, log_odds_rejected_first, ll_chosen, ll_rejected, run_id, excluded
        from verdicts where coalesce(averaged, per_byte) < 1
        order by candidate, suite, protocol, margin;

        -- Pearson's r of each suite's headline value with each outcome, over the candidates that have both.
        create view correlations as
        select l.suite, l.protocol, l.metric, o.outcome, corr(l.value, o.score) as pearson, count(*) as n
        from leaderboard l join outcomes o using (candidate)
        group by l.suite, l.protocol, l.metric, o.outcome having count(*) >= 3;
        """
    )
