using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Budgets;

[CancelAfter(60_000)]
internal sealed class CallMarksTests
{
    [Test]
    public async Task Begin_TheSameCallAgain_IsFoundToHaveBegunByThisProcessAndByTheNext()
    {
        await using var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = SqliteEngineOptions.InMemory }, new DurableRegistry());
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
}
