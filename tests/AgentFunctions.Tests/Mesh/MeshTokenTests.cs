using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Identity;
using AgentFunctions.Governance.Options;
using AgentFunctions.Keys;
using AgentFunctions.Mesh;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore;
using AgentFunctions.Tests.AspNetCore.Doors;
using AgentFunctions.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.Mesh;

/// <summary>Hosts that let each other's runs in by the tokens that these carry, and by nothing else.</summary>
[CancelAfter(300_000)]
internal sealed class MeshTokenTests
{
    private const string Audience = "https://second.example";

    [Test]
    public async Task Run_OfAHostThatIsTrusted_IsLetInAndNamedInTheAuditLog(CancellationToken cancellationToken)
    {
        await using ApiHost first = await FirstAsync(static request => MeshHosts.Lead(request, "helper", "Do it."));
        await using ApiHost second = await SecondAsync(first, static _ => ChatReply.Say("Done there."));
        first.Know("helper", second.Client.BaseAddress!, configure: WithToken);

        Run run = await first.LeadAsync("Ask.", cancellationToken);

        Assert.That(run.Result?.Text, Does.Contain("Done there."), run.Error?.Message);
        Run theirs = (await second.Get<RunReader>().ListPageAsync(new RunFilter(), 10, cancellationToken)).Items.Single();
        AuditEntry submitted = await second.Get<AuditLog>().ReadAsync(theirs.Id, 0, cancellationToken)
            .FirstAsync(static entry => entry.Type == AuditTypes.RunSubmitted, cancellationToken);
        Assert.That((submitted.Requester, submitted.Door), Is.EqualTo(("peer:local", "a2a")));
        Assert.That(submitted.Act, Is.EqualTo(new[] { $"run:{run.Id}" }));
    }

    [Test]
    public async Task Run_ThatIsCancelled_CancelsTheTaskThatItsTokenStarted(CancellationToken cancellationToken)
    {
        await using ApiHost first = await FirstAsync(static request => MeshHosts.Lead(request, "helper", "Take your time."));
        await using ApiHost second = await SecondAsync(first, Never);
        first.Know("helper", second.Client.BaseAddress!, configure: WithToken);
        Run run = await first.Get<AgentGateway>().SubmitAsync(
            new RunRequest { Agent = "lead", Goal = "Ask." }, Caller.Local, null, cancellationToken);
        await Poll.UntilAsync(
            async () => second.Model.Count > 0
                && await first.Get<MeshCalls>().OfRunAsync(run.Id, cancellationToken) is [{ TaskId.Length: > 0 }],
            cancellationToken);

        await first.Get<RunSteering>().CancelAsync(run.Id, Caller.Local, "enough", null, cancellationToken);

        Run theirs = (await second.Get<RunReader>().ListPageAsync(new RunFilter(), 10, cancellationToken)).Items.Single();
        Run ended = await second.Get<RunReader>().WaitForEndAsync(theirs.Id, cancellationToken);
        AuditEntry cancelled = await second.Get<AuditLog>().ReadAsync(theirs.Id, 0, cancellationToken)
            .FirstAsync(static entry => entry.Type == AuditTypes.RunCommanded, cancellationToken);
        Assert.That(ended.Status, Is.EqualTo(RunStatus.Cancelled));
        Assert.That((cancelled.Actor, cancelled.Act?[0]), Is.EqualTo(("peer:local", $"run:{run.Id}")));
    }

    [Test]
    public async Task Token_ThatIsExpiredForeignTamperedOrForSomebodyElse_IsRefused(CancellationToken cancellationToken)
    {
        await using ApiHost first = await FirstAsync(Never);
        await using ApiHost stranger = await FirstAsync(Never);
        await using ApiHost second = await SecondAsync(first, static _ => ChatReply.Say("Done there."));
        stranger.Get<IOptions<GovernanceOptions>>().Value.Issuer = first.Get<IOptions<GovernanceOptions>>().Value.Issuer;
        TokenUse own = await UseAsync(first, cancellationToken);
        TokenUse foreign = await UseAsync(stranger, cancellationToken);
        string good = await first.Get<RunTokens>().MintAsync(own, Audience, ["submitter"], cancellationToken);

        var refused = new Dictionary<string, string>
        {
            ["for somebody else"] = await first.Get<RunTokens>()
                .MintAsync(own, "https://other.example", ["submitter"], cancellationToken),
            ["of another host under this name"] = await stranger.Get<RunTokens>()
                .MintAsync(foreign, Audience, ["submitter"], cancellationToken),
            ["expired"] = await Earlier(first).MintAsync(own, Audience, ["submitter"], cancellationToken),
            ["tampered"] = Tampered(good),
            ["unsigned"] = $"{Encode("""{"alg":"none","typ":"JWT"}""")}.{good.Split('.')[1]}.",
            ["cut off"] = good[..^4],
        };

        foreach ((string kind, string token) in refused)
        {
            JsonElement answer = await second.SendAsync(token, cancellationToken, goal: kind);
            Assert.That(answer.GetProperty("error").GetProperty("data")[0].GetProperty("reason").GetString(),
                Is.EqualTo("UNAUTHENTICATED"), kind);
        }

        JsonElement without = await second.SendAsync(
            await first.Get<RunTokens>().MintAsync(own, Audience, ["invoices.read"], cancellationToken), cancellationToken);
        JsonElement taken = await second.SendAsync(good, cancellationToken, goal: "good");
        Assert.That(without.TryGetProperty("error", out _), "a scope that gives no role lets nobody in");
        Assert.That(taken.TryGetProperty("result", out _), taken.ToString());
        Assert.That((await second.Get<RunReader>().ListPageAsync(new RunFilter(), 10, cancellationToken)).Items,
            Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Token_OfOneRun_NamesItAndIsNotMadeOnceItHasEnded(CancellationToken cancellationToken)
    {
        await using ApiHost first = await FirstAsync(Never);
        TokenUse use = await UseAsync(first, cancellationToken);

        string token = await first.Get<RunTokens>().MintAsync(use, Audience, ["submitter"], cancellationToken);
        await first.Get<RunSteering>().CancelAsync(use.RunId, Caller.Local, "enough", null, cancellationToken);
        await first.Get<RunReader>().WaitForEndAsync(use.RunId, cancellationToken);

        var claims = JsonElement.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]));
        Assert.That(claims.GetProperty("act").GetProperty("sub").GetString(), Is.EqualTo($"run:{use.RunId}"));
        Assert.That(claims.GetProperty("call").GetString(), Is.EqualTo(use.Key));
        Assert.That(
            async () => await first.Get<RunTokens>().MintAsync(use, Audience, ["submitter"], cancellationToken),
            Throws.InstanceOf<AgentException>().With.Message.Contains("run-alive"));
        string toEnd = await first.Get<RunTokens>()
            .MintAsync(use with { IsToEnd = true }, Audience, ["submitter"], cancellationToken);
        Assert.That(toEnd.Split('.'), Has.Length.EqualTo(3), "what it has begun elsewhere can be ended");
    }

    private static async Task<ApiHost> FirstAsync(Func<ChatRequest, ChatReply> script)
    {
        ApiHost host = await MeshHosts.StartAsync(script);
        host.Get<IOptions<GovernanceOptions>>().Value.Issuer = host.Client.BaseAddress!.ToString().TrimEnd('/');
        return host;
    }

    private static Task<ApiHost> SecondAsync(ApiHost first, Func<ChatRequest, ChatReply> script) => MeshHosts.StartAsync(
        script, ("Api:Oidc:0:Issuer", first.Get<IOptions<GovernanceOptions>>().Value.Issuer), ("Api:Oidc:0:Audience", Audience),
        ("Api:Oidc:0:Name", "peer"), ("Api:Oidc:0:RolesClaim", "scope"), ("Api:Oidc:0:Roles:submitter", CallerRoles.Submitter),
        ("Api:Oidc:0:KeyRefresh", "00:00:00"));

    private static void WithToken(MeshAgentOptions agent)
    {
        (agent.RunToken, agent.Audience) = (true, Audience);
        agent.Scopes.Add("submitter");
    }

    private static ChatReply Never(ChatRequest request) => ChatReply.Say("Late.") with
    {
        Before = static token => new TaskCompletionSource().Task.WaitAsync(token),
    };

    /// <summary>A call of a run that is at work.</summary>
    private static async Task<TokenUse> UseAsync(ApiHost host, CancellationToken cancellationToken)
    {
        Run run = await host.Get<AgentGateway>().SubmitAsync(
            new RunRequest { Agent = "lead", Goal = "Wait." }, Caller.Local, null, cancellationToken);
        return new TokenUse(run.Id, 1, 0, $"{run.Id}/1/0");
    }

    /// <summary>What the host would have signed ten minutes ago.</summary>
    private static RunTokens Earlier(ApiHost host) => new(
        host.Get<IServiceProvider>().GetRequiredKeyedService<SigningKeys>("tokens"), host.Get<RunTokenRights>(),
        host.Get<AuditLog>(),
        host.Get<IOptions<GovernanceOptions>>(), new FakeTimeProvider(DateTimeOffset.UtcNow.AddMinutes(-10)));

    private static string Tampered(string token)
    {
        string[] parts = token.Split('.');
        string claims = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1]));
        return $"{parts[0]}.{Encode(claims.Replace("\"sub\":\"local\"", "\"sub\":\"anna\"", StringComparison.Ordinal))}.{parts[2]}";
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
