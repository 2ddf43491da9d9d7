using System.Reflection;
using System.Text.RegularExpressions;
using AgentFunctions.Agents;
using AgentFunctions.AspNetCore;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Gateway.Queueing;
using AgentFunctions.Gateway.Quotas;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Options;
using AgentFunctions.Governance.Reviews;
using AgentFunctions.Notifications;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.Documents;

/// <summary>The settings of docs/security.md exist, and its gateway does what the text says.</summary>
[CancelAfter(300_000)]
internal sealed partial class SecurityConfigurationExampleTests
{
    private static readonly Dictionary<string, Type> Sections = new()
    {
        ["Governance"] = typeof(GovernanceOptions),
        ["Api"] = typeof(ApiOptions),
        ["Gateway"] = typeof(GatewayOptions),
        ["Notifications"] = typeof(NotificationOptions),
        ["Reviews"] = typeof(ReviewOptions),
        ["Tools"] = typeof(ToolOptions),
    };

    private static readonly Caller Anna = new("key:anna") { Roles = [CallerRoles.Submitter] };

    private static IEnumerable<string> Keys =>
        SecurityDocument.Spans.Where(static span => Key().IsMatch(span)).SelectMany(Expanded).Distinct();

    [TestCaseSource(nameof(Keys))]
    public void Setting_OfTheDocument_Exists(string key)
    {
        string[] parts = key.Split(':');
        Type type = Sections[parts[0]];
        foreach (string part in parts.Skip(1))
        {
            Type? item = type.IsGenericType ? type.GetGenericArguments()[^1] : null;
            if (item is not null && (part == "*" || part.All(char.IsAsciiDigit)))
            {
                type = item;
                continue;
            }

            PropertyInfo? property = type.GetProperty(part);
            Assert.That(property, Is.Not.Null, $"{type.Name} has no {part}");
            type = Nullable.GetUnderlyingType(property!.PropertyType) ?? property.PropertyType;
        }
    }

    [Test]
    public void Settings_AreFound() => Assert.That(Keys.Count(), Is.GreaterThan(25));

    [Test]
    public async Task Gateway_OfTheDocument_DoesWhatItsCommentsSay()
    {
        await using RunHost host = await RunHost.StartAsync(
            static services => services
                .AddAgent(Agent.Create("triage").WithDescription("Finds causes.").WithInstructions("Triage.").Build())
                .AddAgent(Agent.Create("deployer").WithDescription("Deploys.").WithInstructions("Deploy.").Build()),
            static _ => ChatReply.Say("done"),
            [
                AgentTool.Create("read_it", "Reads.", ToolEffect.None, static () => "it"),
                AgentTool.Create("shell", "Runs.", ToolEffect.NotIdempotent, static () => "ran"),
            ],
            null, [.. Settings("{" + SecurityDocument.Block("jsonc") + "}")]);
        var labels = new Dictionary<string, string> { ["team"] = "payments" };

        Run run = await host.Reader.WaitForEndAsync((await host.Gateway.SubmitAsync(new RunRequest
        {
            Goal = "Go.",
            Agent = "worker",
            Labels = labels
        }, Anna)).Id);
        AgentException unlabelled =
            Assert.ThrowsAsync<AgentException>(() => host.Gateway.SubmitAsync(new RunRequest { Goal = "Go.", Agent = "worker" },
                Anna))!;
        AgentException denied = Assert.ThrowsAsync<AgentException>(
            () => host.Gateway.SubmitAsync(new RunRequest { Goal = "Go.", Agent = "deployer", Labels = labels }, Anna))!;
        Run routed = await host.Gateway.SubmitAsync(new RunRequest { Goal = "The shop is down." }, Caller.Local);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(host.Model.Requests[0].Tools, Does.Contain("read_it").And.Not.Contain("shell"));
        Assert.That((unlabelled.Code, denied.Code), Is.EqualTo((ErrorCode.NotAllowed, ErrorCode.NotAllowed)));
        Assert.That(unlabelled.Message, Does.Contain("Gateway:Access"));
        Assert.That(denied.Message, Does.Contain("no-deploys"));
        Assert.That(routed.Agent, Is.EqualTo("triage"));
        Assert.That(
            await host.Get<AuditLog>().ReadAsync().CountAsync(static entry => entry.Type == AuditTypes.RequestRefused),
            Is.EqualTo(2), "refusals are in the audit log");
        GatewayOptions options = host.Get<IOptions<GatewayOptions>>().Value;
        QuotaOptions red = options.Quotas.Single(static quota => quota.Name == "red-tokens");
        QuotaOptions calls = options.Quotas.Single(static quota => quota.Name == "calls");
        Assert.That(red is { Label: "team=red", Per: QuotaWindow.Day, Tokens: 2_000_000, Usd: 25 }, Is.True);
        Assert.That(calls is { Caller: "*", Per: QuotaWindow.Hour, Runs: 20 }, Is.True);
        ConcurrencyOptions concurrency = options.Concurrency;
        Assert.That(concurrency is { Total: 50, PerCaller: 5, MaxQueued: 1000 } && concurrency.Ageing == TimeSpan.FromMinutes(10),
            Is.True);
        Assert.That(concurrency.Labels.Single() is { Label: "team", Runs: 10 }, Is.True);

        // The 21st of an hour is one too many.
        for (int i = 0; i < 18; i++)
        {
            await host.Reader.WaitForEndAsync((await host.Gateway.SubmitAsync(new RunRequest
            {
                Goal = "Go.",
                Agent = "worker",
                Labels = labels
            }, Anna)).Id);
        }

        await host.Gateway.SubmitAsync(new RunRequest { Goal = "Go.", Agent = "worker", Labels = labels }, Anna);
        AgentException over = Assert.ThrowsAsync<AgentException>(
            () => host.Gateway.SubmitAsync(new RunRequest { Goal = "Go.", Agent = "worker", Labels = labels }, Anna))!;
        Assert.That((over.Code, over.Message), Is.EqualTo((ErrorCode.QuotaExceeded, over.Message)));
        Assert.That(over.Message, Does.Contain("calls"));
    }

    [Test]
    public void ApprovalChannels_OfTheDocument_NameRolesAndChannels()
    {
        string json = SecurityDocument.Span("{\"*\"");
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(
            Settings("{\"Governance\":{\"ApprovalChannels\":" + json + "}}")
                .Select(static one => KeyValuePair.Create(one.Item1, (string?)one.Item2))).Build();

        GovernanceOptions options = configuration.GetSection("Governance").Get<GovernanceOptions>()!;

        Assert.That(options.ApprovalChannels["*"], Is.EqualTo(new[] { "console" }));
        Assert.That(options.ApprovalChannels["lead"], Is.EqualTo(new[] { "leads-hook" }));
        Assert.That(options.ApprovalChannels["head"], Is.EqualTo(new[] { "pager" }));
    }

    [Test]
    public void Identity_OfTheDocument_IsReadFromAToolServersEntry()
    {
        string own = SecurityDocument.Span("{\"audience\"");
        string plain = SecurityDocument.Span("\"identity\"");
        string servers = """{"mcpServers":{"a":{"url":"https://a.example/mcp",PLAIN},"b":{"url":"https://b.example/mcp","identity":OWN}}}"""
            .Replace("PLAIN", plain, StringComparison.Ordinal).Replace("OWN", own, StringComparison.Ordinal);
        McpConfiguration configuration = McpConfiguration.Parse(servers, ".mcp.json", Path.GetTempPath());

        Assert.That(configuration.Servers.Select(static server => server.Identity is not null), Is.All.True);
        Assert.That(configuration.Servers.Single(static server => server.Name == "b").Identity!.Scopes,
            Is.EqualTo(new[] { "…" }));
    }

    private static IEnumerable<(string, string)> Settings(string json)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json));
        return [.. new ConfigurationBuilder().AddJsonStream(stream).Build().AsEnumerable()
            .Where(static one => one.Value is not null).Select(static one => (one.Key, one.Value!))];
    }

    private static IEnumerable<string> Expanded(string key)
    {
        int open = key.IndexOf('{', StringComparison.Ordinal);
        return open < 0
            ? [key]
            : key[(open + 1)..key.IndexOf('}', StringComparison.Ordinal)].Split(',').Select(name => key[..open] + name);
    }

    [GeneratedRegex(@"^(Governance|Api|Gateway|Notifications|Reviews|Tools):[A-Z0-9*{]")]
    private static partial Regex Key();
}
