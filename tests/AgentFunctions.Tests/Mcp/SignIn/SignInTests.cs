using System.Text;
using System.Text.Json;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Governance.Options;
using AgentFunctions.Mcp.SignIn;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Mcp.SignIn;

/// <summary>Tool servers behind OAuth, with a real authorization server and real HTTP.</summary>
[CancelAfter(300_000)]
internal sealed class SignInTests
{
    [Test]
    public async Task Run_NobodySignedIn_GoesWithoutAndGetsTheToolsAfterTheLoginWithoutARestart(CancellationToken cancellationToken)
    {
        await using Scene scene = await Scene.StartAsync();

        Run before = await scene.Host.RunAsync();
        int tries = scene.Server.Asked.Count(path => path == "/register");
        ToolServerStatus status = await scene.LoginAsync(cancellationToken);
        Run after = await scene.Host.RunAsync();

        Assert.That(before.Result?.Text, Is.EqualTo("no tools"), before.Error?.ToString());
        string note = (await scene.Host.JournalAsync(before.Id)).Single(e => e.Type == JournalEventTypes.RunNoted).Text!;
        Assert.That(note, Does.Contain("mcp__signed").And.Contain("agentfunctions mcp login signed"));
        Assert.That(tries, Is.Zero, "a host without a person registers nothing");
        Assert.That((status.IsSignedIn, status.Tools, status.IsRenewed), Is.EqualTo((true, 2, true)));
        Assert.That(status.SignedInUntil, Is.GreaterThan(DateTimeOffset.UtcNow));
        Assert.That(after.Result?.Text, Is.EqualTo("whoami for ***"), after.Error?.ToString());
        Assert.That(scene.Server.Strayed, Is.Empty);
        await scene.EnsureNoSecretAsync();
    }

    [Test]
    public async Task Call_TokenHasExpired_IsRenewedByItselfAndOutlivesARestart(CancellationToken cancellationToken)
    {
        await using Scene scene = await Scene.StartAsync();
        await scene.LoginAsync(cancellationToken);
        await scene.Host.RunAsync();

        scene.Server.ExpireAll();
        Run renewed = await scene.Host.RunAsync();
        scene.Server.ExpireAll();
        await scene.Host.RestartAsync();
        Run restarted = await scene.Host.RunAsync();

        Assert.That((renewed.Result?.Text, restarted.Result?.Text), Is.EqualTo(("whoami for ***", "whoami for ***")),
            $"{renewed.Error} {restarted.Error}");
        Assert.That(scene.Server.Asked.Count(path => path == "/token refresh_token"), Is.GreaterThanOrEqualTo(2));
        Assert.That(scene.Server.Asked.Count(path => path == "/authorize"), Is.EqualTo(1));
        Assert.That(scene.Server.Asked.Count(path => path == "/register"), Is.EqualTo(1));
        await scene.EnsureNoSecretAsync();
    }

    [Test]
    public async Task Call_RefreshIsRefused_SaysThatAPersonHasToSignIn(CancellationToken cancellationToken)
    {
        await using Scene scene = await Scene.StartAsync();
        await scene.LoginAsync(cancellationToken);
        await scene.Host.RunAsync();

        scene.Server.ExpireAll();
        scene.Server.RefusesRefresh = true;
        Run refused = await scene.Host.RunAsync();

        Assert.That(refused.Result?.Text, Does.Contain("agentfunctions mcp login signed").And.Contain("the sign-in has ended"),
            refused.Error?.ToString());
        await scene.EnsureNoSecretAsync();
    }

    [Test]
    public async Task Call_ScopeIsMissing_IsAskedForAtTheNextLogin(CancellationToken cancellationToken)
    {
        await using Scene scene = await Scene.StartAsync(tool: "mcp__signed__admin");
        await scene.LoginAsync(cancellationToken);

        Run refused = await scene.Host.RunAsync();
        await scene.LoginAsync(cancellationToken);
        Run allowed = await scene.Host.RunAsync();

        Assert.That(refused.Result?.Text, Does.Contain("agentfunctions mcp login signed"), refused.Error?.ToString());
        Assert.That(allowed.Result?.Text, Is.EqualTo("admin for ***"), allowed.Error?.ToString());
    }

    [Test]
    public async Task Logout_SignedIn_ForgetsTheTokens(CancellationToken cancellationToken)
    {
        await using Scene scene = await Scene.StartAsync();
        await scene.LoginAsync(cancellationToken);

        bool was = await scene.SignIn.LogoutAsync("signed", cancellationToken);
        bool again = await scene.SignIn.LogoutAsync("signed", cancellationToken);
        ToolServerStatus status = (await scene.SignIn.ListAsync(cancellationToken)).Single();

        Assert.That((was, again), Is.EqualTo((true, false)));
        Assert.That(status.IsSignedIn, Is.False);
        Assert.That(status.Trouble, Does.Contain("agentfunctions mcp login signed"));
        Assert.That((await scene.Host.RunAsync()).Result?.Text, Is.EqualTo("no tools"));
    }

    [TestCase("denied", "access_denied")]
    [TestCase("issuer", "iss")]
    [TestCase("metadata", "issuer")]
    [TestCase("resource", "esource")]
    public async Task Login_AnswerIsNotToBeTrusted_SignsNobodyIn(string what, string words)
    {
        await using Scene scene = await Scene.StartAsync();
        scene.Server.Denies = what == "denied";
        scene.Server.AnsweredIssuer = what == "issuer" ? "https://other.example" : null;
        scene.Server.NamedIssuer = what == "metadata" ? "https://other.example" : null;
        scene.Server.Resource = what == "resource" ? "https://other.example/mcp" : null;

        AgentException? refused = Assert.ThrowsAsync<AgentException>(() => scene.LoginAsync(CancellationToken.None));

        Assert.That(refused!.Message, Does.Contain(words).IgnoreCase);
        Assert.That(scene.Server.Asked, Has.None.StartsWith("/token"));
        Assert.That((await scene.SignIn.ListAsync()).Single().IsSignedIn, Is.False);
        await scene.EnsureNoSecretAsync();
    }

    [Test]
    public async Task Login_AnswerOfAnotherState_IsTurnedAwayAndTheRightOneStillCounts(CancellationToken cancellationToken)
    {
        await using Scene scene = await Scene.StartAsync();
        using var browser = new HttpClient();
        var statuses = new List<int>();

        ToolServerStatus status = await scene.SignIn.LoginAsync(
            "signed",
            (address, token) =>
            {
                _ = Task.Run(
                    async () =>
                    {
                        scene.Server.AnsweredState = "forged";
                        statuses.Add((int)(await browser.GetAsync(address, token)).StatusCode);
                        scene.Server.AnsweredState = null;
                        statuses.Add((int)(await browser.GetAsync(address, token)).StatusCode);
                    },
                    token);
                return Task.CompletedTask;
            },
            cancellationToken);

        Assert.That(statuses[0], Is.EqualTo(400));
        Assert.That(status.IsSignedIn);
    }

    [Test]
    public async Task Login_AuthorizationServerIsOfTheInnerNetwork_IsNotReached()
    {
        await using Scene scene = await Scene.StartAsync(isAllowed: false);

        AgentException? refused = Assert.ThrowsAsync<AgentException>(() => scene.LoginAsync(CancellationToken.None));

        Assert.That(refused!.Message, Does.Contain("network-boundary"));
        Assert.That(scene.Server.Asked, Has.All.EqualTo("/mcp"));
    }

    [Test]
    public async Task Run_ClientCredentials_GetsAndRenewsTokensWithoutAPerson()
    {
        await using Scene scene = await Scene.StartAsync(oauth: server => new
        {
            grant = "client_credentials",
            clientId = SignInServer.ClientId,
            clientSecret = "${secret:host}",
            tokenEndpoint = server.Issuer + "/token",
            scopes = new[] { "read" },
        });

        Run first = await scene.Host.RunAsync();
        scene.Server.ExpireAll();
        Run second = await scene.Host.RunAsync();

        Assert.That((first.Result?.Text, second.Result?.Text), Is.EqualTo(("whoami for ***", "whoami for ***")),
            $"{first.Error} {second.Error}");
        Assert.That(scene.Server.Asked.Count(path => path == "/token client_credentials"), Is.EqualTo(2));
        await scene.EnsureNoSecretAsync();
    }

    [Test]
    public async Task Run_ClientCredentialsAreWrong_SaysWhoRefusedAndWhereToLook()
    {
        await using Scene scene = await Scene.StartAsync(oauth: server => new
        {
            grant = "client_credentials",
            clientId = "another",
            clientSecret = "${secret:host}",
            tokenEndpoint = server.Issuer + "/token",
        });

        Run run = await scene.Host.RunAsync();

        string note = (await scene.Host.JournalAsync(run.Id)).Single(e => e.Type == JournalEventTypes.RunNoted).Text!;
        Assert.That(note, Does.Contain("refused the host (HTTP 400, invalid_grant)").And.Contain("oauth").And.Contain(".mcp.json"));
        await scene.EnsureNoSecretAsync();
    }

    [Test]
    public async Task Run_RefreshTokenOfConfiguration_SignsTheHostIn()
    {
        await using Scene scene = await Scene.StartAsync(
            oauth: server => new
            {
                grant = "refresh_token",
                clientId = "someone",
                refreshToken = server.GiveRefreshToken(),
                tokenEndpoint = server.Issuer + "/token"
            });

        Run first = await scene.Host.RunAsync();
        scene.Server.ExpireAll();
        Run second = await scene.Host.RunAsync();

        Assert.That((first.Result?.Text, second.Result?.Text), Is.EqualTo(("whoami for ***", "whoami for ***")),
            $"{first.Error} {second.Error}");
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Login_ClientOfConfiguration_IsUsedAndNothingIsRegistered(bool hasSecret,
        CancellationToken cancellationToken)
    {
        await using Scene scene = await Scene.StartAsync(oauth: _ => hasSecret
            ? new { clientId = "preset-client", clientSecret = "${secret:host}", scopes = new[] { "read" } }
            : new { clientId = "preset-client", scopes = new[] { "read" } });

        ToolServerStatus status = await scene.LoginAsync(cancellationToken);
        scene.Server.ExpireAll();
        Run run = await scene.Host.RunAsync();

        Assert.That((status.IsSignedIn, status.Tools), Is.EqualTo((true, 2)));
        Assert.That(run.Result?.Text, Is.EqualTo("whoami for ***"), run.Error?.ToString());
        Assert.That(scene.Server.Clients, Is.Not.Empty.And.All.EqualTo("preset-client"),
            "for the code, the token and its renewal");
        Assert.That(scene.Server.Asked, Does.Not.Contain("/register").And.Contain("/token refresh_token"));
        await scene.EnsureNoSecretAsync();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Login_ClientOfAMetadataDocument_IsNamedByItsAddressWhereTheServerTakesThat(bool isTaken,
        CancellationToken cancellationToken)
    {
        const string Document = "https://agents.example/client.json";
        await using Scene scene = await Scene.StartAsync(oauth: static _ => new { clientMetadataUrl = Document });
        scene.Server.TakesMetadataDocuments = isTaken;

        ToolServerStatus status = await scene.LoginAsync(cancellationToken);
        scene.Server.ExpireAll();
        Run run = await scene.Host.RunAsync();

        Assert.That(status.IsSignedIn, Is.True);
        Assert.That(run.Result?.Text, Is.EqualTo("whoami for ***"), run.Error?.ToString());
        Assert.That(scene.Server.Clients, isTaken ? Is.All.EqualTo(Document) : Has.None.EqualTo(Document));
        Assert.That(scene.Server.Asked.Count(static path => path == "/register"), Is.EqualTo(isTaken ? 0 : 1));
    }

    [TestCase("""{"grant": "implicit"}""", "'implicit' is not a valid grant")]
    [TestCase("""{"grant": "client_credentials", "clientId": "a", "tokenEndpoint": "https://a"}""",
        "oauth.clientSecret: is missing")]
    [TestCase("""{"grant": "refresh_token", "clientId": "a", "tokenEndpoint": "https://a"}""", "oauth.refreshToken")]
    [TestCase("""{"tokenEndpoint": "https://a"}""", "oauth.tokenEndpoint")]
    [TestCase("""{"callbackPort": 70000}""", "must be 0 to 65535")]
    [TestCase("""{"secret": "x"}""", "oauth.secret: is unknown")]
    [TestCase("7", "must be true, false or an object")]
    public void Parse_WrongOAuth_NamesFieldAndRemedy(string oauth, string words) => Assert.That(
        () => McpConfiguration.Parse("""{"mcpServers": {"a": {"url": "https://a", "oauth": OAUTH}}}""".Replace("OAUTH", oauth,
            StringComparison.Ordinal), ".mcp.json"),
        Throws.TypeOf<AgentException>().With.Message.Contains(words));

    private sealed class Scene : IAsyncDisposable
    {
        private readonly TemporaryFolder _keys = new();

        public SignInServer Server { get; private init; } = null!;

        public RunHost Host { get; private set; } = null!;

        public McpSignIn SignIn => Host.Get<McpSignIn>();

        public static async Task<Scene> StartAsync(
            Func<SignInServer, object>? oauth = null, bool isAllowed = true, string tool = "mcp__signed__whoami")
        {
            var scene = new Scene { Server = await SignInServer.StartAsync() };
            object definition = oauth is null
                ? new { type = "http", url = scene.Server.Url }
                : new { type = "http", url = scene.Server.Url, oauth = oauth(scene.Server) };
            McpServerDefinition server =
                McpConfiguration.Parse(JsonSerializer.Serialize(new { mcpServers = new { signed = definition } }),
                    ".mcp.json").Servers[0];
            scene.Host = await RunHost.StartAsync(
                services => services.AddMcpServer(server)
                    .PostConfigure<GovernanceOptions>(options => options.KeyFolder = scene._keys.Path),
                request => request.Turn > 0 ? ChatReply.Say(request.Results[0])
                    : request.Tools.Contains(tool) ? ChatReply.Call(tool, new { }) : ChatReply.Say("no tools"),
                settings: [("Secrets:host", SignInServer.ClientSecret), .. isAllowed
                    ? [("Governance:Network:Allow:0", new Uri(scene.Server.Issuer).Authority)]
                    : Array.Empty<(string, string)>()]);
            return scene;
        }

        /// <summary>Signs in as a person with a browser would.</summary>
        public async Task<ToolServerStatus> LoginAsync(CancellationToken cancellationToken)
        {
            using var browser = new HttpClient();
            return await SignIn.LoginAsync(
                "signed",
                async (address, token) => await browser.GetAsync(address, token),
                cancellationToken);
        }

        /// <summary>Ensures that nothing on the disk has a token, a code or a secret in clear.</summary>
        public async Task EnsureNoSecretAsync()
        {
            await Host.RestartAsync();
            byte[][] secrets = [.. Server.Secrets.Select(Encoding.UTF8.GetBytes)];
            Assert.That(secrets, Is.Not.Empty);
            foreach (string file in new[] { Host.Folder, _keys.Path }.SelectMany(folder => Directory.EnumerateFiles(folder, "*",
                SearchOption.AllDirectories))
                .Where(static file => !file.EndsWith(".lock", StringComparison.Ordinal)))
            {
                byte[] content = await File.ReadAllBytesAsync(file);
                Assert.That(secrets.Where(secret => content.AsSpan().IndexOf(secret) >= 0).Select(Encoding.UTF8.GetString),
                    Is.Empty, file);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await Server.DisposeAsync();
            _keys.Dispose();
        }
    }
}
