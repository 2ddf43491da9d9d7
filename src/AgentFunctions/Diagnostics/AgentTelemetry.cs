using System.Diagnostics;
using System.Diagnostics.Metrics;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Models;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.Diagnostics;

/// <summary>Provides traces and metrics with the attributes of OpenTelemetry's semantic conventions for generative AI.</summary>
public static class AgentTelemetry
{
    /// <summary>Names the activity source and the meter.</summary>
    public const string SourceName = TelemetrySource.Name;

    private static readonly Meter Meter = new(SourceName);

    /// <summary>The bounds that the conventions ask for.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
    };

    private static readonly InstrumentAdvice<long> Tokens = new()
    {
        HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216,
            67_108_864],
    };

    private static readonly Histogram<double> OperationDuration = Meter.CreateHistogram<double>(
        "gen_ai.client.operation.duration", "s", "How long model calls take.", null, Seconds);

    private static readonly Histogram<long> TokensUsed = Meter.CreateHistogram<long>(
        "gen_ai.client.token.usage", "{token}", "How many tokens model calls consume.", null, Tokens);

    private static readonly Histogram<double> ToolDuration = Meter.CreateHistogram<double>(
        "agentfunctions.tool.duration", "s", "How long tool calls take.", null, Seconds);

    private static readonly Counter<long> RunsEnded = Meter.CreateCounter<long>(
        "agentfunctions.run.ended", "{run}", "How many runs have ended, by agent and status.");

    private static readonly Histogram<double> RunDuration = Meter.CreateHistogram<double>(
        "agentfunctions.run.duration", "s", "How long runs take from their submission to their end, by agent and status.", null,
        new()
        {
            HistogramBucketBoundaries = [1, 10, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 172_800, 432_000, 864_000],
        });

    private static readonly Histogram<double> QueueTime = Meter.CreateHistogram<double>(
        "agentfunctions.run.queue.duration", "s", "How long runs wait from their submission to their first model call.");

    private static readonly Counter<double> Spend = Meter.CreateCounter<double>(
        "agentfunctions.spend", "{USD}", "What model calls cost in US dollars, by agent and model, where prices are configured.");

    private static readonly Gauge<double> OldestQueued = Meter.CreateGauge<double>(
        "agentfunctions.run.queue.oldest", "s", "How long the oldest run has waited that has not begun; 0 where none waits.");

    private static readonly Gauge<double> OldestApproval = Meter.CreateGauge<double>(
        "agentfunctions.approval.oldest", "s", "How long the oldest question to people has waited; 0 where none waits.");

    internal static void RunBegun(RunRecord run, TimeSpan waited) =>
        QueueTime.Record(Math.Max(0, waited.TotalSeconds), new TagList { { "gen_ai.agent.name", run.Agent } });

    internal static void RunEnded(RunRecord run, string? status, TimeSpan took)
    {
        var tags = new TagList { { "gen_ai.agent.name", run.Agent }, { "agentfunctions.run.status", status } };
        RunsEnded.Add(1, tags);
        RunDuration.Record(Math.Max(0, took.TotalSeconds), tags);
    }

    internal static void Spent(RunRecord run, ModelBinding model, TokenUsage usage)
    {
        if (usage.Usd > 0)
        {
            Spend.Add((double)usage.Usd,
                new TagList { { "gen_ai.agent.name", run.Agent }, { "gen_ai.request.model", model.ModelId } });
        }
    }

    internal static void Waiting(TimeSpan oldestQueued, TimeSpan oldestApproval)
    {
        OldestQueued.Record(oldestQueued.TotalSeconds);
        OldestApproval.Record(oldestApproval.TotalSeconds);
    }

    internal static void ModelCalled(ModelBinding model, TokenUsage usage, TimeSpan took)
    {
        // Lists of tags are made only where somebody measures.
        if (!OperationDuration.Enabled && !TokensUsed.Enabled)
        {
            return;
        }

        TagList tags = TagsOf(model);
        OperationDuration.Record(took.TotalSeconds, tags);
        TokensUsed.Record(usage.InputTokens, [.. tags, new("gen_ai.token.type", "input")]);
        TokensUsed.Record(usage.OutputTokens, [.. tags, new("gen_ai.token.type", "output")]);
    }

    internal static void ModelFailed(ModelBinding model, string code, TimeSpan took) =>
        OperationDuration.Record(took.TotalSeconds, [.. TagsOf(model), new("error.type", code)]);

    internal static void ToolCalled(string tool, ToolOutcome outcome, TimeSpan took)
    {
        if (ToolDuration.Enabled)
        {
            ToolDuration.Record(took.TotalSeconds,
                new TagList { { "gen_ai.tool.name", tool }, { "error.type", outcome.Code?.ToString() } });
        }
    }

    private static TagList TagsOf(ModelBinding model) => new()
    {
        { "gen_ai.operation.name", "chat" },
        { "gen_ai.provider.name", model.Profile.Provider },
        { "gen_ai.request.model", model.ModelId },
    };
}
