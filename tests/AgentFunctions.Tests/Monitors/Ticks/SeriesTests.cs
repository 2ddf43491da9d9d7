using AgentFunctions.Monitors.Signals;
using AgentFunctions.Monitors.Ticks;

namespace AgentFunctions.Tests.Monitors.Ticks;

[CancelAfter(300_000)]
internal sealed class SeriesTests
{
    [Test]
    public async Task Series_OfASignal_HasItsValuesAndBreachesInOrder()
    {
        await using MonitorBench bench = await MonitorBench.StartAsync();
        await bench.TickAsync(2);
        bench.IsDown = true;
        await bench.TickAsync();
        DateTimeOffset later = (await bench.Host.Monitors.GetHistoryAsync("shop", 1))[0].At;

        IReadOnlyList<SignalPoint>? points = await bench.Host.Monitors.FindSeriesAsync("shop", "health");
        TickRecord last = (await bench.Host.Monitors.GetHistoryAsync("shop", 1))[0];

        Assert.That(points!.Select(static point => point.IsBreach), Is.EqualTo(new[] { false, false, true }));
        Assert.That(points!.Select(static point => point.At), Is.Ordered);
        Assert.That(points!.Select(static point => point.Value), Is.All.Not.Null, "how long the answers took");
        Assert.That(last.Breaches, Does.Contain("health"));
        Assert.That(await bench.Host.Monitors.FindSeriesAsync("shop", "health", later), Has.Count.EqualTo(1));
        Assert.That(await bench.Host.Monitors.FindSeriesAsync("shop", "none"), Is.Null);
    }
}
