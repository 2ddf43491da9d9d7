using AgentFunctions.Governance.Redaction;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Live;

/// <summary>Shows what models and tools say while they are at work.</summary>
internal sealed class LivePublisher(ILiveStore store, IOptions<LiveOptions> options, Redactor redactor, TimeProvider time)
{
    /// <summary>A call of a model begins.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="model">The model's name.</param>
    /// <returns>Where to put the pieces of its answer; <see langword="null"/> if nothing is shown on this host.</returns>
    public LiveText? Begin(string runId, int turn, string model)
    {
        if (!options.Value.Enabled)
        {
            return null;
        }

        var answer = new LiveAnswer { Delivery = Guid.NewGuid().ToString("N"), StartedAt = time.GetUtcNow(), Model = model };
        return new LiveText(new LiveFrame { RunId = runId, Turn = turn, Answer = answer }, redactor,
            source => Start(runId, source));
    }

    /// <summary>Gets where a tool says how far it is.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The number of the call within the turn.</param>
    /// <param name="tool">The tool.</param>
    public LiveReports? Reports(string runId, int turn, int call, string tool) => options.Value.Enabled
        ? new LiveReports(runId, turn, call, tool, redactor, time, source => Start(runId, source))
        : null;

    private LivePump Start(string runId, ILiveSource source) =>
        LivePump.Start(runId, store, source, options.Value.PaceOf(store), time);
}
