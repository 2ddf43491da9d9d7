using System.Text;
using AgentFunctions.Monitors;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Monitors.Ticks;
using AgentFunctions.Tools.Workspaces;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Monitors;

internal sealed class MonitorReaderTests
{
    private const string Yaml = """
        name: shop
        agent: watcher
        goal: Find the cause.
        schedule: { cron: "0 */5 * * * *", timeZone: Europe/Berlin }
        jitter: 30s
        overlap: cancelOld
        misfire: { policy: all, bound: 12, grace: 90s }
        deadline: 2m
        budget: { tick: { tokens: 20000 }, day: { tokens: 200000, usd: 1.5 } }
        activeWindow: { from: "08:00", to: "20:00", days: [monday, friday] }
        signals:
          - name: health
            http: { url: "http://127.0.0.1:5000/health", latencyBelow: 2s, body: { path: $.state, equals: up } }
            severity: critical
          - name: errors
            metric: { url: "http://127.0.0.1:5000/metrics", query: "errors_total{kind=\"5xx\"}", rate: true, below: 0.5 }
        escalation:
          - notify: [console]
            remindEvery: 1h
        response: { runbookFile: runbook.md }
        """;

    [Test]
    public void LoadYaml_WholeMonitor_IsReadAndSurvivesJson()
    {
        using var folder = new TemporaryFolder();
        folder.Write("runbook.md", "---\nactions: [restart]\n---\nRestart it.");
        MonitorDefinition monitor = MonitorReader.LoadYaml(folder.Write("shop.yaml", Yaml));
        Assert.That(monitor.Overlap, Is.EqualTo(OverlapPolicy.CancelOld));
        Assert.That(monitor.Misfire.Grace, Is.EqualTo(TimeSpan.FromSeconds(90)));
        Assert.That(monitor.Budget.Day!.Usd, Is.EqualTo(1.5m));
        Assert.That(monitor.ActiveWindow!.Days, Is.EqualTo(new[] { DayOfWeek.Monday, DayOfWeek.Friday }));
        Assert.That(monitor.Signals[0].Http!.Body!.EqualTo, Is.EqualTo("up"));
        Assert.That(monitor.Signals[1].Metric!.Rate);
        Assert.That(monitor.Response!.Runbook, Does.Contain("Restart it."));

        byte[] json = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(monitor, MonitorJson.Options);
        Assert.That(MonitorReader.ParseJson(json).Hash(), Is.EqualTo(monitor.Hash()));
    }

    [TestCase("""{"name":"Shop"}""", "schedule: it is missing")]
    [TestCase("""{"name":"Shop","schedule":{"every":"PT5M"},"signals":[{"name":"a","tcp":{"host":"x","port":1}}]}""",
        "name: use 1 to 64 lower-case")]
    [TestCase("""{"name":"a","schedule":{"every":"PT5M","cron":"* * * * *"}}""", "schedule: set exactly one")]
    [TestCase("""{"name":"a","schedule":{"every":"soon"}}""", "schedule.every: use a duration")]
    [TestCase("""{"name":"a","schedule":{"cron":"99 * * * *"}}""", "schedule.cron: minute '99': 99 is not among 0 to 59")]
    [TestCase("""{"name":"a","schedule":{"cron":"0 0 30 2 *"}}""", "schedule.cron: it is never due")]
    [TestCase("""{"name":"a","schedule":{"every":"5m","timeZone":"Mars/Olympus"}}""",
        "schedule.timeZone: this host knows no time zone")]
    [TestCase("""{"name":"a","schedule":{"every":"5m"},"overlap":"maybe"}""", "overlap: use one of: skip, queue, cancelOld")]
    [TestCase("""{"name":"a","schedule":{"every":"5m"},"overlapp":"skip"}""", "overlapp: no such field")]
    [TestCase("""{"name":"a","schedule":{"every":"5m"},"signals":null}""", "signals: null is not a valid value")]
    [TestCase("""{"name":"a","schedule":{"every":"5m"}}""", "signals: without an agent")]
    [TestCase("""{"name":"a","schedule":{"every":"5m"},"agent":"x"}""", "goal: say what")]
    [TestCase("""{"name":"a","schedule":{"every":"5m"},"signals":[{"name":"s"}]}""", "signals[0]: set exactly one of http")]
    [TestCase("""{"name":"a","schedule":{"every":"5m"},"signals":[{"name":"s","http":{}}]}""",
        "signals[0].http.url: it is missing")]
    [TestCase("""{"name":"a","schedule":{"every":"5m"},"signals":[{"name":"s","http":{"url":"ftp://x"}}]}""",
        "signals[0].http.url: use an absolute")]
    [TestCase("""{"name":"a","schedule":{"every":"5m"},"signals":[{"name":"s","http":{"url":"http://x","method":"POST"}}]}""",
        "signals[0].http.method: a check must not")]
    [TestCase("""{"name":"a","schedule":{"every":"5m"},"signals":[{"name":"s","file":{"path":"x","pattern":"("}}]}""",
        "signals[0].file.pattern: no regular expression")]
    [TestCase("""{"name":"a","schedule":{"every":5},"signals":[]}""", "schedule.every: use a duration")]
    [TestCase("[]", "body: not of the type")]
    [TestCase("{", "body: ")]
    public void ParseJson_SomethingIsWrong_NamesTheField(string json, string message) =>
        Assert.That(
            () => MonitorReader.ParseJson(Encoding.UTF8.GetBytes(json)),
            Throws.TypeOf<AgentException>().With.Property("Code")
                .EqualTo(ErrorCode.InvalidInput).And.Message.StartsWith(message));

    [Test]
    public void ParseJson_NameOfTheAddress_IsTakenAndHeldTo()
    {
        byte[] json = """{"schedule":{"every":"5m"},"signals":[{"name":"s","process":{"name":"x"}}]}"""u8.ToArray();
        Assert.That(MonitorReader.ParseJson(json, "shop").Name, Is.EqualTo("shop"));
        Assert.That(
            () => MonitorReader.ParseJson("""{"name":"other","schedule":{"every":"5m"},"signals":[{"name":"s","process":{"name":"x"}}]}"""u8, "shop"),
            Throws.TypeOf<AgentException>().With.Message.StartsWith("name: it must be that of the address"));
    }

    [Test]
    public void LoadYaml_BrokenFile_NamesFileAndLine()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("shop.yaml", "name: shop\nschedule: [\n");
        Assert.That(
            () => MonitorReader.LoadYaml(path),
            Throws.TypeOf<AgentException>().With.Message.Contains(path).And.Message.Contains("line"));
    }

    [Test]
    public void Deserialize_WrittenByAnOlderVersion_GetsTheDefaults()
    {
        MonitorMemory memory = System.Text.Json.JsonSerializer.Deserialize<MonitorMemory>("""{"logLength":7}""",
            MonitorJson.Options)!;
        Assert.That(memory.LogLength, Is.EqualTo(7));
        Assert.That(memory.Signals, Is.Empty);
        Assert.That(memory.Totals, Is.EqualTo(new TickTotals()));
    }

    [Test]
    public void AddMonitorsFrom_ARunbookElsewhere_Governs()
    {
        using var folder = new TemporaryFolder();
        string runbook = folder.Write("ws/docs/runbook.md", "Restart it.");
        folder.Write("monitors/shop.yaml", Yaml.Replace("runbook.md", "../ws/docs/runbook.md", StringComparison.Ordinal));
        var services = new ServiceCollection();

        services.AddMonitorsFrom(Path.Combine(folder.Path, "monitors"));

        Assert.That(
            services.Select(static service => service.ImplementationInstance).OfType<GoverningPath>()
                .Select(static path => path.Path), Does.Contain(Path.GetFullPath(runbook)));
    }
}
