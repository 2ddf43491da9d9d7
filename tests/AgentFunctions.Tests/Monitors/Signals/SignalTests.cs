using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Network;

namespace AgentFunctions.Tests.Monitors.Signals;

[CancelAfter(300_000)]
internal sealed class SignalTests
{
    /// <summary>What lets checks reach this machine.</summary>
    private static readonly NetworkGuard Inside = new(["127.0.0.1"]);

    private static readonly DateTimeOffset Now = new(2026, 5, 4, 0, 0, 0, TimeSpan.Zero);

    [Test]
    public async Task File_LinesAppendedSinceTheLastLook_AreSeenOnce()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("app.log", "ERROR before the first look\n");
        var signal = new SignalDefinition { Name = "log", File = new FileSignal { Path = path, Pattern = "ERROR" } };
        var memory = new SignalMemory();
        var check = new FileCheck();

        Assert.That(await LookAsync(), Is.Null, "the past is left alone");
        File.AppendAllText(path, "fine\nERROR one\nERROR two\nERROR hal");
        Assert.That(await LookAsync(), Does.StartWith("2 new lines"));
        File.AppendAllText(path, "f\n");
        Assert.That(await LookAsync(), Does.StartWith("1 new lines"), "the line that was cut counts when it is whole");
        Assert.That(await LookAsync(), Is.Null);
        File.WriteAllText(path, "ERROR rotated\n");
        Assert.That(await LookAsync(), Does.StartWith("1 new lines"), "a shorter file is another one");
        File.Delete(path);
        Assert.That(await LookAsync(), Does.StartWith("there is no file"));
        File.WriteAllText(path, "ERROR new\n");
        Assert.That(await LookAsync(), Does.StartWith("1 new lines"));

        async Task<string?> LookAsync()
        {
            Observation seen = await check.LookAsync(signal, memory, Now, CancellationToken.None);
            memory = memory.With(seen, Now, Now, 24);
            return seen.Error;
        }
    }

    [Test]
    public async Task Tcp_PortOpensAndCloses_IsSeen()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var signal = new SignalDefinition { Name = "port", Tcp = new TcpSignal { Host = "127.0.0.1", Port = port } };
        Assert.That((await LookAsync(new TcpCheck(Inside), signal)).Error, Is.Null);
        listener.Stop();
        Assert.That((await LookAsync(new TcpCheck(Inside), signal)).Error, Does.StartWith("the check failed"));
    }

    [Test]
    public async Task Process_OfThisTest_Runs()
    {
        string name = System.Diagnostics.Process.GetCurrentProcess().ProcessName;
        var signal = new SignalDefinition { Name = "process", Process = new ProcessSignal { Name = name } };
        Assert.That((await LookAsync(new ProcessCheck(), signal)).Error, Is.Null);
        signal = signal with { Process = new ProcessSignal { Name = "no-such-process" } };
        Assert.That((await LookAsync(new ProcessCheck(), signal)).Error, Is.EqualTo("0 of 1 processes 'no-such-process' run"));
    }

    [TestCase("up", 1.0)]
    [TestCase("http_requests_total", 1027.0 + 3)]
    [TestCase("http_requests_total{code=\"400\"}", 3.0)]
    [TestCase("http_requests_total{code=\"400\",method=\"post\"}", 3.0)]
    [TestCase("odd{path=\"C:\\\\DIR \\\"x\\\"\"}", 1.5e-3)]
    [TestCase("http_requests", null)]
    [TestCase("up{job=\"other\"}", null)]
    public void MetricQuery_PageOfMetrics_SumsWhatMatches(string query, double? expected)
    {
        const string page = """
            # HELP http_requests_total The total number of HTTP requests.
            # TYPE http_requests_total counter
            http_requests_total{method="post",code="200"} 1027 1395066363000
            http_requests_total{method="post",code="400",}    3 1395066363000
            up 1
            odd{path="C:\\DIR \"x\""} 1.5e-3
            """;
        Assert.That(MetricQuery.IsValid(query));
        Assert.That(MetricQuery.Parse(query).Sum(page), Is.EqualTo(expected));
    }

    [TestCase("{\"a\":{\"b\":[1,{\"c d\":\"x\"}]}}", "$.a.b[1]['c d']", "x")]
    [TestCase("[true]", "$[0]", "true")]
    [TestCase("{\"a\":1}", "$.b", null)]
    [TestCase("{\"a\":[1]}", "$.a[1]", null)]
    public void JsonPath_SelectsOneElement(string json, string path, string? expected)
    {
        Assert.That(JsonPath.IsValid(path));
        JsonElement? found = JsonPath.Select(JsonDocument.Parse(json).RootElement, path);
        Assert.That(found?.ToString(), Is.EqualTo(expected).IgnoreCase);
    }

    [TestCase("12.5", 10.0, 20.0, null)]
    [TestCase("9", 10.0, null, "the text is 9, not above 10")]
    [TestCase("20", null, 20.0, "the text is 20, not below 20")]
    [TestCase("x", 1.0, null, "the text is 'x', no number")]
    public void Condition_Bounds_AreHeldTo(string text, double? above, double? below, string? complaint) =>
        Assert.That(new ValueCondition { Above = above, Below = below }.Error(text, out _), Is.EqualTo(complaint));

    [Test]
    public void Baseline_ValueFarFromTheUsual_Deviates()
    {
        var baseline = new Baseline();
        var random = new Random(1);
        for (int i = 0; i < 500; i++)
        {
            baseline = baseline.With(100 + (random.NextDouble() * 10));
        }

        Assert.That(baseline.Mean, Is.EqualTo(105).Within(1));
        Assert.That(baseline.DeviationOf(106), Is.LessThan(1));
        Assert.That(baseline.DeviationOf(150), Is.GreaterThan(10));
        Assert.That(new Baseline().With(1).DeviationOf(1_000), Is.Zero, "too little is known");
    }

    [Test]
    public async Task Checker_CheckThatHangs_IsABreachAfterItsTimeout()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var signal = new SignalDefinition
        {
            Name = "tls",
            Tls = new TlsSignal { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port },
            Timeout = TimeSpan.FromMilliseconds(100),
        };
        Assert.That((await LookAsync(new TlsCheck(Inside), signal)).Error, Is.EqualTo("no answer within 0.1 s"));
    }

    private static async Task<Observation> LookAsync(ISignalCheck check, SignalDefinition signal)
    {
        var monitor = MonitorBench.Definition("http://127.0.0.1/") with { Signals = [signal] };
        return (await new SignalChecker([check], TimeProvider.System).LookAsync(monitor, new Dictionary<string, SignalMemory>(),
            Now, CancellationToken.None))[0];
    }
}
