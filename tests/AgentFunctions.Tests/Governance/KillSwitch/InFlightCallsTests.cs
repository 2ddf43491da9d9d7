using AgentFunctions.Governance.KillSwitch;

namespace AgentFunctions.Tests.Governance.KillSwitch;

internal sealed class InFlightCallsTests
{
    [Test]
    public void Stop_CallbackOfACallThrows_StopsTheOthersToo()
    {
        var calls = new InFlightCalls();
        InFlightCall[] begun =
            [.. Enumerable.Range(0, 2).Select(_ => calls.Begin(null!, [], "send", CancellationToken.None))];
        foreach (InFlightCall call in begun)
        {
            call.Token.Register(static () => throw new InvalidOperationException("A tool's own."));
        }

        calls.Stop(new KillOrder(KillScope.Tool, "send", "ben", null, DateTimeOffset.UnixEpoch));

        Assert.That(begun.Select(static call => call.Token.IsCancellationRequested), Is.All.True);
    }
}
