using System.Diagnostics.Metrics;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Queueing;

/// <summary>What the gateway's queue tells the meter.</summary>
internal static class GatewayTelemetry
{
    private static readonly Meter Meter = new(TelemetrySource.Name);

    private static readonly Gauge<int> Length = Meter.CreateGauge<int>(
        "agentfunctions.gateway.queue.length", "{run}", "How many runs wait for a place.");

    private static readonly Gauge<int> Active = Meter.CreateGauge<int>(
        "agentfunctions.gateway.active", "{run}", "How many runs have a place.");

    private static readonly Gauge<double> Age = Meter.CreateGauge<double>(
        "agentfunctions.gateway.queue.age", "s", "How long the run that came first has been waiting.");

    private static readonly Histogram<double> Wait = Meter.CreateHistogram<double>(
        "agentfunctions.gateway.queue.wait", "s", "How long runs waited for their place.");

    public static void Queue(QueueState state, DateTimeOffset now)
    {
        foreach (RunPriority priority in Enum.GetValues<RunPriority>())
        {
            Length.Record(state.Waiting.Count(run => run.Priority == priority), Tag(priority));
        }

        Active.Record(state.Active.Count);
        Age.Record(state.Waiting.IsEmpty ? 0 : (now - state.Waiting.Min(static run => run.At)).TotalSeconds);
    }

    public static void Started(QueuedRun run, DateTimeOffset now) => Wait.Record((now - run.At).TotalSeconds, Tag(run.Priority));

    private static KeyValuePair<string, object?> Tag(RunPriority priority) =>
        new("agentfunctions.priority", JsonNamingPolicy.CamelCase.ConvertName(priority.ToString()));
}
