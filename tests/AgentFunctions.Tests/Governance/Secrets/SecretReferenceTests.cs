using System.Text;
using System.Text.Json;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Notifications;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tests.OpenApi;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Tests.Governance.Secrets;

/// <summary>Named secrets: found when they are used, sent where they belong, and written nowhere.</summary>
[CancelAfter(300_000)]
internal sealed class SecretReferenceTests
{
    private const string Description =
        """{"openapi":"3.1.0","paths":{"/orders":{"get":{"operationId":"list"}},"/broken":{"get":{"operationId":"fail"}}}}""";

    // Under names that do not look like a secret's, so that nothing but the reference makes them one.
    private const string OfHost = "pl4nted/\"value\"<1>";
    private const string OfEnvironment = "env1ronment-value-2";
    private const string OfVault = "v4ulted value+3";

    [Test]
    public async Task Run_ServersEchoTheirSecrets_ValuesAreSentAndWrittenNowhere()
    {
        Environment.SetEnvironmentVariable("AGENTFUNCTIONS_TEST_ORDERS", OfEnvironment);
        using var folder = new TemporaryFolder();
        var log = new LogLines();
        await using ApiServer server = await ApiServer.StartAsync(EchoAsync);
        var settings = new Dictionary<string, string>
        {
            ["Notifications:Channels:hook:Url"] = $"{server.Url}/hook",
            ["Notifications:Channels:hook:Secret"] = "${secret:AGENTFUNCTIONS_TEST_ORDERS}",
        };
        await using RunHost host = await RunHost.StartAsync(
            services =>
            {
                services.AddSingleton<ISecretSource>(new Planted());
                services.AddSingleton<ISecretSource>(new Vault(static name => name == "shop-key" ? OfVault : null));
                services.AddLogging(logging => logging.AddProvider(log).SetMinimumLevel(LogLevel.Trace));
                services.AddOpenApiTools(options =>
                {
                    (options.Name, options.Document, options.BaseUrl) = ("shop", folder.Write("api.json", Description),
                        server.Url);
                    options.Headers["Authorization"] = "Bearer ${secret:AGENTFUNCTIONS_TEST_ORDERS}";
                    options.Headers["X-Planted"] = "${secret:planted}";
                    options.Headers["X-Vault"] = "${secret:shop-key}";
                });
                services.AddMcpServer(new McpServerDefinition
                {
                    Name = "echo",
                    Url = $"{server.Url}/mcp",
                    Headers = new Dictionary<string, string> { ["X-Vault"] = "${secret:shop-key}" },
                });
            },
            request => request.Turn switch
            {
                0 => ChatReply.Call("shop__list", new { }),
                1 => ChatReply.Call("shop__fail", new { }),
                2 => ChatReply.Call("mcp__echo__read", new { }),
                _ => ChatReply.Say($"They said {request.Results[^1]}"),
            },
            settings: [.. settings.Select(setting => (setting.Key, setting.Value))]);

        Run run = await host.RunAsync();
        await host.Get<IEnumerable<INotificationSink>>().OfType<WebhookSink>().Single().SendAsync(
            "hook", new NotificationChannel
            {
                Url = settings["Notifications:Channels:hook:Url"],
                Secret = settings["Notifications:Channels:hook:Secret"]
            },
            IncidentNotices.MessageOf(Message()), CancellationToken.None);

        ApiRequest list = server.Requests.Single(request => request.Target == "/orders");
        Assert.That(list.Headers["Authorization"], Is.EqualTo($"Bearer {OfEnvironment}"));
        Assert.That(list.Headers["X-Vault"], Is.EqualTo(OfVault));
        Assert.That(server.Requests.Where(request => request.Target == "/mcp").Select(request => request.Headers["X-Vault"]),
            Is.All.EqualTo(OfVault));
        Assert.That(server.Requests.Single(request => request.Target == "/hook").Headers["webhook-signature"],
            Does.StartWith("v1,"));
        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        List<AuditEntry> audit = await host.Get<AuditLog>().ReadAsync(run.Id).ToListAsync();
        string everything = JsonSerializer.Serialize(audit)
            + string.Join('\n', host.Model.Requests.Select(request => request.Body.GetRawText()))
            + string.Join('\n', log.All) + run.Result?.Text;
        Assert.That(everything,
            Does.Contain("[secret:AGENTFUNCTIONS_TEST_ORDERS]").And.Contain("[secret:shop-key]").And.Contain("[secret:planted]"));
        foreach (string secret in new[] { OfHost, OfEnvironment, OfVault })
        {
            foreach (string spelling in Spellings(secret))
            {
                Assert.That(everything, Does.Not.Contain(spelling));
                foreach (string file in Directory.EnumerateFiles(host.Folder, "runs.db*")
                    .Where(static file => !file.EndsWith(".lock", StringComparison.Ordinal)))
                {
                    Assert.That(await BytesOf(file, spelling), Is.EqualTo(-1), $"{spelling} in {Path.GetFileName(file)}");
                }
            }
        }
    }

    [TestCase("missing", "there is no secret 'missing'; looked in the test")]
    [TestCase("short", "fewer than 8 characters")]
    public void Resolve_NoUsableValue_SaysWhichAndWhere(string name, string words)
    {
        var resolver = new SecretResolver([new Vault(asked => asked == "short" ? "1234567" : null)], new Redactor());

        Assert.That(
            () => resolver.ResolveAsync(name, "Headers.X", default),
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.InvalidInput)
                .And.Message.Contains(words).And.Message.Not.Contains("1234567"));
    }

    [Test]
    public async Task Resolve_HostCannotReadAVault_SaysWhatToAdd()
    {
        await using RunHost host = await RunHost.StartAsync(static _ => { }, static _ => ChatReply.Say("done"),
            settings: [("Governance:KeyVault", "https://agents.vault.example")]);

        Assert.That(
            () => host.Get<SecretResolver>().ResolveAsync("shop-key", "Headers.X", default),
            Throws.TypeOf<AgentException>().With.Message.Contains("AddKeyVaultSecrets"));
    }

    /// <summary>Repeats every header, as careless servers do in their errors.</summary>
    private static async Task EchoAsync(HttpContext context)
    {
        string echo = string.Join('\n', context.Request.Headers.Select(header => $"{header.Key}: {header.Value}"));
        if (context.Request.Path == "/mcp")
        {
            context.Response.StatusCode = 500;
        }
        else if (context.Request.Path == "/broken")
        {
            context.Response.StatusCode = 400;
        }

        await context.Response.WriteAsync(echo);
    }

    private static Notification Message() => new()
    {
        Id = "incident-1-1-1",
        Kind = NotificationKind.Opened,
        Incident = "incident-1",
        Monitor = "shop",
        Title = "down",
        Severity = AgentFunctions.Monitors.Incidents.Severity.Critical,
        Priority = 1,
        Text = "It is down.",
        At = DateTimeOffset.UnixEpoch,
    };

    private static string[] Spellings(string secret) =>
        [secret, JsonSerializer.Serialize(secret)[1..^1], Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)).TrimEnd('=')];

    private static async Task<int> BytesOf(string file, string text)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes);
        return bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>A place of the host's own.</summary>
    private sealed class Planted : ISecretSource
    {
        public string Name => "the test";

        public Task<string?> FindAsync(string name, CancellationToken cancellationToken = default) =>
            Task.FromResult(name == "planted" ? OfHost : null);
    }

    private sealed class Vault(Func<string, string?> find) : ISecretSource
    {
        public string Name => "the test";

        public Task<string?> FindAsync(string name, CancellationToken cancellationToken = default) => Task.FromResult(find(name));
    }
}
