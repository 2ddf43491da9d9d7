using AgentFunctions.Durability;
using AgentFunctions.Ledger;
using AgentFunctions.Models;
using AgentFunctions.Models.Resilience;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Steps;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Budgets;

[CancelAfter(300_000)]
internal sealed class CallMarksTests
{
    [Test]
    public async Task Begin_TheSameCallAgain_IsFoundToHaveBegunByThisProcessAndByTheNext()
    {
        await using var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = SqliteEngineOptions.InMemory },
            new DurableRegistry());
        await engine.StartAsync();
        var one = new CallMarks(engine.Records);
        var other = new CallMarks(engine.Records);

        Assert.That(await one.BeginAsync("run", 1, default), Is.True);
        Assert.That(await one.BeginAsync("run", 1, default), Is.False, "begun by this process");
        Assert.That(await other.BeginAsync("run", 1, default), Is.False, "begun by another one");
        Assert.That(await other.BeginAsync("run", 2, default), Is.True);
        Assert.That(await one.BeginAsync("run", 2, default), Is.False, "this one's memory is out of date");
        Assert.That(await one.BeginAsync("run", 3, default), Is.True);

        await one.TakeBackAsync("run", default);
        Assert.That(await one.BeginAsync("run", 3, default), Is.True, "taken back");
        Assert.That(await other.BeginAsync("run", 3, default), Is.False);
    }

    [Test]
    public async Task Call_GivenUpWhileItWaitsForItsPlace_IsNotTakenForBegun(CancellationToken cancellationToken)
    {
        await using RunHost host = await RunHost.StartAsync(_ => ChatReply.Say("done"));
        ModelBinding model = host.Get<IModelCatalog>().Resolve(null);
        AdaptiveConcurrencyLimiter gate = host.Get<ModelConcurrency>().Of(model.Name);
        for (int place = 0; place < gate.Limit; place++)
        {
            await (await gate.EnterAsync(RunPriority.Normal, cancellationToken)).BeginAsync(cancellationToken);
        }

        using var stop = new CancellationTokenSource();
        Task call = host.Get<ModelCaller>().CallAsync(
            new ModelCall("run", 1, true, RunPriority.Normal), model, [new ChatMessage(ChatRole.User, "go")], new ChatOptions(),
            stop.Token);
        IRecordStore records = host.Get<IRecordStore>();
        await Poll.UntilAsync(async () => await records.GetAsync("calls/run", cancellationToken) is not null, cancellationToken);

        await stop.CancelAsync();

        Assert.That(async () => await call, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await records.GetAsync("calls/run", cancellationToken), Is.Null);
        Assert.That(host.Model.Count, Is.Zero);
    }
}
