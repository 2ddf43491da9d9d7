using System.Security.Cryptography;
using System.Text.Json;
using AgentFunctions.TestKit;
using Microsoft.IdentityModel.Tokens;
using Microsoft.Playwright;

namespace AgentFunctions.Browser;

/// <summary>
/// Sign-in with a provider of OpenID Connect, as a person does it: its page, back with a code, a token for the code, and out
/// again.
/// </summary>
[CancelAfter(3_600_000)]
internal sealed class OidcSignInTests
{
    private const string Key = "a-key-of-the-host-that-is-long-enough-0123456789";

    private OpenIdProvider _provider = null!;
    private DashboardServer _server = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _provider = await OpenIdProvider.StartAsync();
        _server = await DashboardServer.StartAsync(settings: [(DashboardServer.Key, Key), .. _provider.Settings]);
        await _server.SubmitAsync("Look around.");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _server.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [SetUp]
    public void Mend() =>
    (_provider.Change, _provider.OtherState, _provider.Error, _provider.MixesUpCodes) = (static _ => { }, null, null, false);

    [Test]
    public async Task SignIn_ByCodeAndProof_IsThatPersonWithItsRolesUntilItSignsOut()
    {
        await using IBrowserContext context = await Chromium.NewContextAsync();
        IPage page = await context.NewPageAsync();
        var sent = new List<IRequest>();
        page.Request += (_, request) => sent.Add(request);
        await SignInAsync(page, "approvals?run=none");

        await Assertions.Expect(page.GetByText("corp:anna")).ToBeVisibleAsync();
        Assert.That(new Uri(page.Url).PathAndQuery, Is.EqualTo("/dashboard/approvals?run=none"), "back where the sign-in began");
        JsonElement session = JsonElement.Parse((await page.EvaluateAsync<string>(
            """
            async () => {
              const api = await import(document.querySelector('script[type=module]').src.replace('app.js', 'api.js'));
              return JSON.stringify(api.session);
            }
            """))!);
        Assert.That(session.GetProperty("caller").GetRawText(), Is.EqualTo("""{"id":"corp:anna","roles":["viewer"]}"""));
        await page.GotoAsync(new Uri(_server.Url, "dashboard/approvals").ToString());
        string[] addresses = [.. sent.Select(static request => request.Url)];
        Assert.That(addresses, Has.None.Contains("access_token"), "no token in an address");
        Assert.That(addresses, Has.None.Contains("eyJ"), "no token in an address");
        Assert.That(
            addresses.Select(static address => new Uri(address).Authority).Distinct()
                .Where(host => host != _server.Url.Authority),
            Is.EqualTo(new[] { new Uri(_provider.Issuer).Authority }));
    }

    [Test]
    public async Task SignOut_ForgetsTheToken()
    {
        await using IBrowserContext context = await Chromium.NewContextAsync();
        IPage page = await context.NewPageAsync();
        await SignInAsync(page, "");
        await Assertions.Expect(page.GetByText("corp:anna")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();

        await Assertions.Expect(page.Locator("dialog.signin")).ToBeVisibleAsync();
        Assert.That(await KeptAsync(page), Does.Not.Contain("eyJ"));
    }

    [Test]
    public async Task Renew_TokenIsAboutToEnd_ANewOneIsAskedForAndThePersonIsNot()
    {
        await using IBrowserContext context = await Chromium.NewContextAsync();
        IPage page = await context.NewPageAsync();
        await page.Clock.InstallAsync();
        await SignInAsync(page, "agents");
        await Assertions.Expect(page.GetByText("corp:anna")).ToBeVisibleAsync();
        int before = _provider.Renewed;
        Assert.That(await KeptAsync(page), Does.Not.Contain("eyJ"), "in memory alone");

        await page.Clock.FastForwardAsync("59:30");

        await Poll.UntilAsync(() => Task.FromResult(_provider.Renewed > before), TestContext.CurrentContext.CancellationToken);
        await page.GetByRole(AriaRole.Link, new() { Name = "Runs", Exact = true }).First.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Runs", Exact = true })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("dialog.signin")).ToHaveCountAsync(0);
    }

    [TestCase("state", "was not begun here")]
    [TestCase("code", "The issuer gave no token: The code is not good.")]
    [TestCase("error", "The issuer refused: Not today")]
    [TestCase("audience", "This host does not take the token")]
    [TestCase("issuer", "This host does not take the token")]
    [TestCase("expired", "This host does not take the token")]
    [TestCase("key", "This host does not take the token")]
    public async Task SignIn_ThatIsNotRight_IsRefused(string fault, string words)
    {
        using RSA stranger = RSA.Create(2048);
        switch (fault)
        {
            case "state":
                _provider.OtherState = "of-somebody-else";
                break;
            case "code":
                _provider.MixesUpCodes = true;
                break;
            case "error":
                _provider.Error = "access_denied";
                break;
            default:
                _provider.Change = descriptor => Break(descriptor, fault, stranger);
                break;
        }

        await using IBrowserContext context = await Chromium.NewContextAsync();
        IPage page = await context.NewPageAsync();
        await SignInAsync(page, "");

        await Assertions.Expect(page.GetByText(words)).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("corp:anna")).ToHaveCountAsync(0);
        Assert.That(new Uri(page.Url).Query, Is.Empty, "neither code nor state stays in the address");
    }

    private async Task SignInAsync(IPage page, string path)
    {
        await page.GotoAsync(new Uri(_server.Url, $"dashboard/{path}").ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in with corp" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Continue as anna" }).ClickAsync();
    }

    /// <summary>What the browser keeps for the page.</summary>
    private static Task<string> KeptAsync(IPage page) =>
        page.EvaluateAsync<string>("() => JSON.stringify({ ...sessionStorage, ...localStorage })");

    private static void Break(SecurityTokenDescriptor token, string fault, RSA stranger)
    {
        switch (fault)
        {
            case "audience":
                token.Audience = "api://another";
                break;
            case "issuer":
                token.Issuer = "https://issuer.example.org";
                break;
            case "expired":
                token.Expires = DateTime.UtcNow.AddMinutes(-9);
                break;
            default:
                token.SigningCredentials = new SigningCredentials(new RsaSecurityKey(stranger) { KeyId = "published" },
                    SecurityAlgorithms.RsaSha256);
                break;
        }
    }
}
