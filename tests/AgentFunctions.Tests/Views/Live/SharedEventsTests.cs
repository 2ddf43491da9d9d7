using System.Text;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Records;
using AgentFunctions.TestKit;
using AgentFunctions.Views.Live;

namespace AgentFunctions.Tests.Views.Live;

/// <summary>One journal and many who follow it.</summary>
[CancelAfter(300_000)]
internal sealed class SharedEventsTests
{
    private readonly VirtualTime _time = new(DateTimeOffset.UnixEpoch);
    private CountingLog _log = null!;
    private Journal _journal = null!;
    private SharedEvents _events = null!;

    [SetUp]
    public void Begin()
    {
        _log = new CountingLog();
        _journal = new Journal(_log, _time);
        _events = new SharedEvents("run", _journal, _time);
    }

    [TearDown]
    public void End() => _events.Dispose();

    [Test]
    public async Task After_ByTenAtOnePlace_WaitsAndReadsOnceForAll()
    {
        var asked = Enumerable.Range(0, 10).Select(_ => _events.AfterAsync(0)).ToArray();
        await AddAsync(1);
        var given = await Task.WhenAll(asked);

        Assert.That(given, Is.All.SameAs(given[0]));
        Assert.That(given[0].Select(static one => one.Position), Is.EqualTo(new[] { 0 }));
        Assert.That((_log.Waits, _log.Reads), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task After_ByTenAtOnePlace_IsWrittenOnceForAllOverHttp()
    {
        var asked = Enumerable.Range(0, 10).Select(_ => _events.AfterAsync(0)).ToArray();
        await AddAsync(1);
        byte[][] sent = [.. (await Task.WhenAll(asked)).Select(static read => EventText.Of(read[0].Position, read[0].Event))];

        Assert.That(sent, Is.All.SameAs(sent[0]));
        Assert.That(Encoding.UTF8.GetString(sent[0]), Does.StartWith("id: 0\nevent: e\ndata: {"));
        Assert.That(Encoding.UTF8.GetString(EventText.Of(7, (await asked[0])[0].Event)),
            Does.StartWith("id: 7\n").And.Contain("\"position\":7"));
    }

    [Test]
    public async Task After_SoonAfterAReading_GivesAllThatComesMeanwhileAtOnce()
    {
        await AddAsync(1);
        await _events.AfterAsync(0);
        var next = _events.AfterAsync(1);
        await AddAsync(5);
        await Poll.UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            return next.IsCompleted;
        });

        Assert.That((await next).Select(static one => one.Position), Is.EqualTo(new[] { 1, 2, 3, 4, 5 }));
        Assert.That(_log.Reads, Is.EqualTo(2));
        Assert.That(_time.GetUtcNow() - DateTimeOffset.UnixEpoch, Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(50)));
    }

    [Test]
    public async Task After_FromWithinTheLastReading_GivesItAgainWithoutAReading()
    {
        await AddAsync(3);
        await _events.AfterAsync(0);

        Assert.That(await _events.AfterAsync(2), Has.Count.EqualTo(3));
        Assert.That(_log.Reads, Is.EqualTo(1));
    }

    [Test]
    public async Task After_WhileAnotherWaitsBeyondTheEnd_WaitsForTheNextEvent()
    {
        _ = _events.AfterAsync(1_000_000);

        var near = _events.AfterAsync(0);
        Assert.That(near.IsCompleted, Is.False, "an empty answer would have the follower ask again and again");
        await AddAsync(1);

        Assert.That((await near).Select(static one => one.Position), Is.EqualTo(new[] { 0 }));
    }

    [Test]
    public async Task After_FromBeforeWhereTheOthersAre_GivesNothing()
    {
        await AddAsync(3);
        await _events.AfterAsync(2);

        Assert.That(await _events.AfterAsync(0), Is.Empty);
    }

    [Test]
    public async Task After_AReadingThatFailed_ReadsAnew()
    {
        await AddAsync(1);
        _log.Fails = true;
        Assert.ThrowsAsync<IOException>(() => _events.AfterAsync(0));
        _log.Fails = false;
        var next = _events.AfterAsync(0);
        await Poll.UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            return next.IsCompleted;
        });

        Assert.That(await next, Has.Count.EqualTo(1));
    }

    private async Task AddAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await _journal.AppendAsync("run", new JournalEvent("e", DateTimeOffset.UnixEpoch));
        }
    }
}
