using System.Runtime.CompilerServices;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Storage;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AspNetCore.Doors;

[CancelAfter(300_000)]
internal sealed class RunStandsTests
{
    [Test]
    public async Task Wait_TheFeedIsBehindTheRun_AllEventsAreToldBeforeWhereItStands(CancellationToken cancellationToken)
    {
        await using ApiHost host = await DoorHost.StartAsync(
            static _ => ChatReply.Say("This is the answer."), [],
            static services => services.AddSingleton<ILogStore>(
                static provider => new LateLogs(provider.GetRequiredService<SqliteEngine>().Logs)));
        string id = await host.SubmitAsync(new { agent = "worker", goal = "Answer." });
        RunReader reader = host.Get<RunReader>();
        var told = new List<string>();

        RunStand stand = await host.Get<RunStands>().WaitAsync(
            id, Caller.Local, Timeout.InfiniteTimeSpan,
            async e =>
            {
                told.Add(e.Type);
                await reader.WaitForEndAsync(id, cancellationToken);
            },
            cancellationToken);

        Assert.That(stand.Run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(
            told,
            Is.EqualTo(await host.Get<Journal>().ReadAsync(id, 0, int.MaxValue, cancellationToken)
                .Select(static one => one.Event.Type).ToListAsync(cancellationToken)));
    }

    /// <summary>A store of which no entry is there at once.</summary>
    private sealed class LateLogs(ILogStore inner) : DelegatingLogStore(inner)
    {
        public override async IAsyncEnumerable<LogEntry> ReadAsync(
            string stream, long fromPosition = 0, int? maxCount = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (LogEntry entry in base.ReadAsync(stream, fromPosition, maxCount, cancellationToken))
            {
                await Task.Yield();
                yield return entry;
            }
        }
    }
}
