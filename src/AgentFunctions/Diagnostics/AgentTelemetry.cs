using System.Diagnostics;
using System.Diagnostics.Metrics;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Models;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Diagnostics;

/// <summary>Provides traces and metrics with the attributes of OpenTelemetry's semantic conventions for generative AI.</summary>
public static class AgentTelemetry
{
    /// <summary>Names the activity source and the meter.</summary>
    public const string SourceName = TelemetrySource.Name;

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly Meter Meter = new(SourceName);

    private static readonly Histogram<double> OperationDuration = Meter.CreateHistogram<double>(
        "gen_ai.client.operation.duration", "s", "How long model calls take.");

    private static readonly Histogram<long> TokensUsed = Meter.CreateHistogram<long>(
        "gen_ai.client.token.usage", "{token}", "How many tokens model calls consume.");

    private static readonly Histogram<double> ToolDuration = Meter.CreateHistogram<double>(
        "agentfunctions.tool.duration", "s", "How long tool calls take.");

    private static readonly Counter<long> RunsEnded = Meter.CreateCounter<long>(
        "agentfunctions.run.ended", "{run}", "How many runs have ended, by agent and status.");

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

    internal static void RunEnded(RunRecord run, string? status) =>
        RunsEnded.Add(1, new TagList { { "gen_ai.agent.name", run.Agent }, { "agentfunctions.run.status", status } });

    internal static void Spent(RunRecord run, ModelBinding model, TokenUsage usage)
    {
        if (usage.Usd > 0)
        {
            Spend.Add((double)usage.Usd, new TagList { { "gen_ai.agent.name", run.Agent }, { "gen_ai.request.model", model.ModelId } });
        }
    }

    internal static void Waiting(TimeSpan oldestQueued, TimeSpan oldestApproval)
    {
        OldestQueued.Record(oldestQueued.TotalSeconds);
        OldestApproval.Record(oldestApproval.TotalSeconds);
    }

    internal static Activity? StartModelCall(RunRecord run, ModelBinding model)
    {
        Activity? span = Source.StartActivity($"chat {model.ModelId}", ActivityKind.Client);
        span?.SetTag("gen_ai.operation.name", "chat")
            .SetTag("gen_ai.provider.name", model.Profile.Provider)
            .SetTag("gen_ai.request.model", model.ModelId)
            .SetTag("gen_ai.agent.name", run.Agent)
            .SetTag("gen_ai.conversation.id", run.Id);
        return span;
    }

    internal static void ModelCalled(Activity? span, ModelBinding model, TranscriptEntry reply, TimeSpan took)
    {
        var tags = new TagList
        {
            { "gen_ai.operation.name", "chat" },
            { "gen_ai.provider.name", model.Profile.Provider },
            { "gen_ai.request.model", model.ModelId },
        };
        OperationDuration.Record(took.TotalSeconds, tags);
        if (reply.Usage is { } usage)
        {
            span?.SetTag("gen_ai.usage.input_tokens", usage.InputTokens).SetTag("gen_ai.usage.output_tokens", usage.OutputTokens);
            TokensUsed.Record(usage.InputTokens, [.. tags, new("gen_ai.token.type", "input")]);
            TokensUsed.Record(usage.OutputTokens, [.. tags, new("gen_ai.token.type", "output")]);
        }

        span?.SetTag("gen_ai.response.finish_reasons", new[] { reply.FinishReason ?? "stop" });
    }

    /// <summary>Starts the span of a call whose tool is not known yet; see <see cref="NameToolCall"/>.</summary>
    internal static Activity? StartToolCall(string runId)
    {
        Activity? span = Source.StartActivity("execute_tool");
        span?.SetTag("gen_ai.operation.name", "execute_tool").SetTag("gen_ai.conversation.id", runId);
        return span;
    }

    internal static void NameToolCall(Activity? span, FunctionCallContent call, string? agent)
    {
        if (span is not null)
        {
            span.DisplayName = $"execute_tool {call.Name}";
            span.SetTag("gen_ai.tool.name", call.Name)
                .SetTag("gen_ai.tool.call.id", call.CallId)
                .SetTag("gen_ai.agent.name", agent);
        }
    }

    internal static void ToolCalled(Activity? span, FunctionCallContent call, ToolOutcome outcome, TimeSpan took)
    {
        ToolDuration.Record(took.TotalSeconds, new TagList { { "gen_ai.tool.name", call.Name }, { "error.type", outcome.Code?.ToString() } });
        if (outcome.IsError)
        {
            span?.SetTag("error.type", outcome.Code?.ToString()).SetStatus(ActivityStatusCode.Error);
        }
    }
}
