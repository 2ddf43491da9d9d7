using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using AgentFunctions.Monitors.Signals;
using AgentFunctions.Network;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Monitors.Signals;

/// <summary>The checks that ask others, against real servers.</summary>
[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SignalServerTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly ServiceProvider _services = new ServiceCollection().AddHttpClient().BuildServiceProvider();
    private string _body = """{"state": "up"}""";
    private int _status = 200;
    private TimeSpan _delay;

    private IHttpClientFactory Http => _services.GetRequiredService<IHttpClientFactory>();

    public void Dispose() => _services.Dispose();

    [Test]
    public async Task Http_StatusLatencyAndBody_AreEachHeldTo()
    {
        await using WebApplication server = await StartAsync();
        var signal = new SignalDefinition
        {
            Name = "health",
            Http = new HttpSignal
            {
                Url = server.Urls.First() + "/health",
                LatencyBelow = TimeSpan.FromMinutes(10),
                Body = new ValueCondition { Path = "$.state", EqualTo = "up" },
            },
        };
        Assert.That((await LookAsync(signal)).Error, Is.Null);

        _body = """{"state": "down"}""";
        Assert.That((await LookAsync(signal)).Error, Does.Contain("$.state").And.Contain("down"));

        (_body, _status) = ("""{"state": "up"}""", 503);
        Observation refused = await LookAsync(signal);
        Assert.That(refused.Error, Is.EqualTo("status 503"));
        Assert.That(refused.Evidence, Does.Contain("503").And.Contain("\"up\""));
        Assert.That((await LookAsync(signal with { Http = signal.Http! with { Status = 503 } })).Error, Is.Null,
            "the status that is expected");

        (_status, _delay) = (200, TimeSpan.FromMilliseconds(60));
        Observation slow = await LookAsync(signal with { Http = signal.Http! with { LatencyBelow = TimeSpan.FromMilliseconds(50) } });
        Assert.That(slow.Error, Does.EndWith("ms, not below 50 ms"));
        Assert.That(slow.Value, Is.GreaterThan(50));

        Task<Observation> LookAsync(SignalDefinition asked) =>
            new HttpCheck(Http).LookAsync(asked, new SignalMemory(), Now, CancellationToken.None);
    }

    [Test]
    public async Task Metric_RateOfACounter_IsTheIncreasePerSecond()
    {
        await using WebApplication server = await StartAsync();
        var signal = new SignalDefinition
        {
            Name = "errors",
            Metric = new MetricSignal { Url = server.Urls.First() + "/metrics", Query = "errors_total", Rate = true, Below = 5 },
        };
        var memory = new SignalMemory();
        var seen = new List<(double? Value, string? Error)>();
        foreach ((int second, int total) in new[] { (0, 100), (10, 120), (20, 200), (30, 30) })
        {
            _body = $"# TYPE errors_total counter\nerrors_total {total}\n";
            DateTimeOffset at = Now.AddSeconds(second);
            Observation look = await new MetricCheck(Http).LookAsync(signal, memory, at, CancellationToken.None);
            memory = memory.With(look, at, at, 24);
            seen.Add((look.Value, look.Error));
        }

        Assert.That(seen.Select(static look => look.Value), Is.EqualTo(new double?[] { null, 2, 8, 3 }),
            "a counter that fell was reset");
        Assert.That(seen.Select(static look => look.Error is null), Is.EqualTo(new[] { true, true, false, true }));
    }

    [TestCase(5, "is valid until")]
    [TestCase(90, "is not trusted")]
    public async Task Tls_CertificateValidForDays_SaysWhatIsWrongWithIt(int days, string complaint)
    {
        using var key = RSA.Create(2048);
        using X509Certificate2 certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(Now.AddDays(-1), Now.AddDays(days));
        await using WebApplication server = await StartAsync(certificate);
        var signal = new SignalDefinition
        {
            Name = "tls",
            Tls = new TlsSignal { Host = "localhost", Port = new Uri(server.Urls.First()).Port },
        };

        Observation look = await new TlsCheck(new NetworkGuard(["127.0.0.1", "localhost"])).LookAsync(signal, new SignalMemory(),
            Now, CancellationToken.None);

        Assert.That(look.Error, Does.Contain(complaint));
        Assert.That(look.Value, Is.EqualTo(days).Within(0.2));
    }

    [Test]
    public async Task Tool_ResultOfAToolWithoutEffects_IsHeldTo()
    {
        AgentTool[] tools =
        [
            AgentTool.Create("depth", "Measures a queue.", ToolEffect.None, (string queue) => queue.Length),
            AgentTool.Create("drain", "Empties a queue.", ToolEffect.Idempotent, (string queue) => queue),
        ];
        await using RunHost host = await RunHost.StartAsync(static _ => ChatReply.Say("."), tools);
        var target = new ToolSignal
        {
            Name = "depth",
            Arguments = JsonElement.Parse("""{"queue": "orders"}"""),
            Result = new ValueCondition { Below = 7 }
        };

        Observation look = await LookAsync(target);
        Assert.That((look.Error, look.Value), Is.EqualTo(((string?)null, (double?)6)));
        Assert.That((await LookAsync(target with { Result = new ValueCondition { Below = 6 } })).Error,
            Does.Contain("not below 6"));
        Assert.That(
            () => LookAsync(target with { Name = "drain" }),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.ToolNotFound),
            "a check must not change anything");

        Task<Observation> LookAsync(ToolSignal tool) =>
            host.Get<ToolCheck>().LookAsync(
                MonitorBench.Definition("http://127.0.0.1/"), new SignalDefinition { Name = "queue", Tool = tool },
                CancellationToken.None);
    }

    private async Task<WebApplication> StartAsync(X509Certificate2? certificate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        WebApplication server = builder.Build();
        server.Run(async context =>
        {
            await Task.Delay(_delay, context.RequestAborted);
            context.Response.StatusCode = _status;
            await context.Response.WriteAsync(_body, context.RequestAborted);
        });
        await server.StartAsync();
        return server;
    }
}
