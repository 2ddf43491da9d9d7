using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Cli.Output;

/// <summary>One JSON object a line, for programs: <c>{"run": …}</c> first and last, <c>{"event": …}</c> between.</summary>
internal sealed class JsonOutput(TextWriter writer) : IRunOutput
{
    public bool IsLive => false;

    public void Begin(RunResource run, string how) => Write("run", run);

    public async Task FollowAsync(
        IAsyncEnumerable<RunSignal> signals, Func<CancellationToken, Task<RunResource>> read, CancellationToken cancellationToken)
    {
        await foreach (RunSignal signal in signals.WithCancellation(cancellationToken))
        {
            if (signal is JournalSignal recorded)
            {
                Write("event", EventResource.Of(recorded.Position, recorded.Event));
            }
        }
    }

    public void End(RunResource run) => Write("run", run);

    private void Write<T>(string name, T value) =>
        writer.WriteLine($"{{\"{name}\":{JsonSerializer.Serialize(value, ApiJson.Options)}}}");
}
