using AgentFunctions.Mcp;
using AgentFunctions.Models.Resilience;
using AgentFunctions.Testing;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.Mcp;

internal sealed class McpRestartsTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);

    [Test]
    public void Pause_OfAServerThatCannotBeStarted_DoublesUpToAMinute()
    {
        var restarts = new McpRestarts(_time);

        double[] pauses = [.. Enumerable.Range(0, 8).Select(_ =>
        {
            restarts.Failed("It is away.");
            return restarts.Pause.TotalSeconds;
        })];

        Assert.That(pauses, Is.EqualTo(new double[] { 1, 2, 4, 8, 16, 32, 60, 60 }));
        Assert.That(restarts.Trouble("shop"), Does.Contain("'shop'").And.Contain("It is away."));
    }

    [Test]
    public void Pause_OfAServerThatWasUpSince_BeginsAnew()
    {
        var restarts = new McpRestarts(_time);
        foreach (int _ in Enumerable.Range(0, 6))
        {
            restarts.Failed("It is away.");
        }

        long started = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromHours(1));
        bool wasUp = restarts.WasUp(started);
        string? trouble = restarts.Trouble("shop");
        restarts.Failed("It is away again.");

        Assert.That((wasUp, trouble, restarts.Pause), Is.EqualTo((true, (string?)null, TimeSpan.FromSeconds(1))));
    }

    [Test]
    public void Pause_OfAServerThatDiesAtOnce_GrowsOn()
    {
        var restarts = new McpRestarts(_time);
        restarts.Failed("It is away.");

        _time.Advance(TimeSpan.FromSeconds(1));
        long started = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(1));
        bool wasUp = restarts.WasUp(started);
        restarts.Failed("It died.");

        Assert.That((wasUp, restarts.Pause), Is.EqualTo((false, TimeSpan.FromSeconds(2))));
    }

    [Test]
    public void Pause_WhileTheClockIsPutBack_IsNoLonger()
    {
        var time = new VirtualTime(DateTimeOffset.UnixEpoch + TimeSpan.FromDays(1));
        var restarts = new McpRestarts(time);
        var outages = new ModelOutages(time);
        restarts.Failed("It is away.");
        outages.Failed("gpt", new AgentException(ErrorCode.ModelUnavailable, "It is away."));

        time.Step(-TimeSpan.FromHours(3));
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.That(restarts.Pause, Is.LessThanOrEqualTo(TimeSpan.Zero));
        Assert.That(outages.MayTry("gpt"));
    }

    [Test]
    public void Trouble_OfASignInThatWasMissing_IsItsOwnWordsAndOverOnceThereIsOne()
    {
        var restarts = new McpRestarts(_time);
        foreach (int _ in Enumerable.Range(0, 5))
        {
            restarts.Failed("Sign in first.", needsSignIn: true);
        }

        Assert.That((restarts.Trouble("shop"), restarts.Pause), Is.EqualTo(("Sign in first.", McpRestarts.LongestWait)));
        restarts.SignedIn();
        Assert.That(restarts.Trouble("shop"), Is.Null);
    }
}
