using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.Identity;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Keys;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Governance.Identity;

[CancelAfter(300_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RunTokenTests
{
    private readonly List<string> _tokens = [];
    private readonly List<AgentException> _refusals = [];
    private ToolContext? _context;

    [Test]
    public async Task Mint_DuringACall_NamesTheWholeChainAndVerifiesWithThePublishedKeys()
    {
        await using GovernedRun governed = await StartAsync("read");
        Run run = await governed.Host.RunAsync("Call.", new RunRequest { Scopes = ["read", "write"] });

        JsonElement claims = await ClaimsAsync(governed);
        JsonElement actor = claims.GetProperty("act");

        Assert.That(claims.GetProperty("aud").GetString(), Is.EqualTo("https://tools.example"));
        Assert.That(claims.GetProperty("sub").GetString(), Is.EqualTo("local"));
        Assert.That(claims.GetProperty("scope").GetString(), Is.EqualTo("read"));
        Assert.That(claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64(), Is.EqualTo(300));
        Assert.That(actor.GetProperty("sub").GetString(), Is.EqualTo($"run:{run.Id}"));
        Assert.That(actor.GetProperty("agent_hash").GetString(), Has.Length.EqualTo(64));
    }

    [Test]
    public async Task Mint_ScopeThatTheRunLacks_Refused()
    {
        await using GovernedRun governed = await StartAsync("admin");

        await governed.Host.RunAsync("Call.", new RunRequest { Scopes = ["read"] });

        Assert.That(_tokens, Is.Empty);
        Assert.That(_refusals[0].Code, Is.EqualTo(ErrorCode.NotAllowed));
        Assert.That(_refusals[0].Message, Does.Contain("'scopes'"));
    }

    [Test]
    public async Task Mint_ParentLacksTheScope_ChildDoesNotGetIt()
    {
        await using GovernedRun governed = await StartAsync("write");
        RunStore runs = governed.Host.Get<RunStore>();
        Run parent = await governed.Host.RunAsync("Call.", new RunRequest { Scopes = ["read"] });
        RunRecord record = await runs.GetAsync(parent.Id);
        await runs.AddAsync(record with { Id = "child", Parent = parent.Id, Scopes = ["read", "write"] });

        Assert.That(
            () => governed.Host.Get<RunTokens>().MintAsync(_context! with { RunId = "child" }, "https://x.example", ["write"]),
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.NotAllowed));
    }

    [Test]
    public async Task Mint_RunEndedOrRevoked_Refused()
    {
        await using GovernedRun governed = await StartAsync("read");
        await governed.Host.RunAsync("Call.");
        var tokens = governed.Host.Get<RunTokens>();

        Assert.That(
            () => tokens.MintAsync(_context!, "https://tools.example", []),
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.NotAllowed));
        await governed.Host.Get<KillOrders>().EngageAsync(KillScope.Run, _context!.RunId, Caller.Local);
        Assert.That(
            () => tokens.MintAsync(_context!, "https://tools.example", []),
            Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.Stopped));
    }

    [Test]
    public async Task Rotate_OldTokensStillVerifyAndNewOnesUseTheNewKey()
    {
        await using GovernedRun governed = await StartAsync("read");
        await governed.Host.RunAsync("Call.");
        SigningKeys keys = governed.Host.Get<IServiceProvider>().GetRequiredKeyedService<SigningKeys>("tokens");

        PublicKey next = await keys.RotateAsync();
        await ClaimsAsync(governed);
        await governed.Host.RunAsync("Call again.");

        Assert.That(KidOf(_tokens[^1]), Is.EqualTo(next.Kid).And.Not.EqualTo(KidOf(_tokens[0])));
        await ClaimsAsync(governed, _tokens[^1]);
    }

    private static string KidOf(string token) =>
        JsonElement.Parse(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[0]))).GetProperty("kid")
            .GetString()!;

    private Task<GovernedRun> StartAsync(string scope) => GovernedRun.StartAsync(
        null, [ChatReplyCall.Of("call", new { })],
        [
            AgentTool.Create("call", "Calls a server.", ToolEffect.None,
                async (ToolContext context, CancellationToken cancellationToken) =>
            {
                _context = context;
                try
                {
                    _tokens.Add(await context.Services.GetRequiredService<RunTokens>()
                        .MintAsync(context, "https://tools.example", [scope], cancellationToken));
                }
                catch (AgentException e)
                {
                    _refusals.Add(e);
                }
            }),
        ]);

    /// <summary>Checks a token as a tool server would: with the published keys alone.</summary>
    private async Task<JsonElement> ClaimsAsync(GovernedRun governed, string? token = null)
    {
        token ??= _tokens[0];
        string[] parts = token.Split('.');
        PublicKeySet keys = await governed.Host.Get<IServiceProvider>().GetRequiredKeyedService<SigningKeys>("tokens")
            .PublishedAsync();
        PublicKey key = keys.Keys.Single(one => one.Kid == KidOf(token));
        Assert.That(key.Verify(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2])), Is.True);
        return JsonElement.Parse(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])));
    }
}
