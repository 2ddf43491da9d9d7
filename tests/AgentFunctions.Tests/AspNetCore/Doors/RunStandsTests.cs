using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Tests.AspNetCore.Doors;

[CancelAfter(300_000)]
internal sealed class RunStandsTests
{
    [Test]
    public async Task Wait_TheFeedIsBehindTheRun_AllEventsAreToldBeforeWhereItStands(CancellationToken cancellationToken)
    {
        await using ApiHost host = await A2AHost.StartAsync();
        string id = await host.SubmitAsync(new { agent = "worker", goal = "Look twice." });
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
}
