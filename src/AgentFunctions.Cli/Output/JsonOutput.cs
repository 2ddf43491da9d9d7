using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;

namespace AgentFunctions.Cli.Output;

/// <summary>One JSON object a line, for programs: <c>{"run": …}</c> first and last, <c>{"event": …}</c> between.</summary>
internal sealed class JsonOutput(TextWriter writer) : IRunOutput
{
    public void Begin(RunResource run, string how) => Write("run", run);

    public async Task FollowAsync(
        IAsyncEnumerable<EventResource> events, Func<CancellationToken, Task<RunResource>> read, CancellationToken cancellationToken)
    {
        await foreach (EventResource e in events.WithCancellation(cancellationToken))
        {
            Write("event", e);
        }
    }

    public void End(RunResource run) => Write("run", run);

    private void Write<T>(string name, T value) =>
        writer.WriteLine($"{{\"{name}\":{JsonSerializer.Serialize(value, ApiJson.Options)}}}");
}
