using System.Text.Json.Nodes;

namespace AgentFunctions.AzureFunctions.Tests.Infra;

/// <summary>What a deployment of <c>infra/</c> makes, as the compiler foretells it.</summary>
[CancelAfter(1_800_000)]
internal sealed class DeploymentTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Settings_OfTheUser_AreTheAppsAndComeLast()
    {
        JsonNode settings = await ForetellAsync(
            "Microsoft.Web/sites/config", "param settings = { Api__Oidc__0__Issuer: 'https://login.example.org' }");

        // The values of a secret parameter are not told.
        Assert.That((string?)settings["properties"],
            Does.StartWith("[union(").And.Contains("'Api__Key', ").And.EndsWith(", parameters('settings'))]"));
    }

    [Test]
    public void Settings_OfTheUserThatAreNoText_AreRefusedByName() => Assert.That(
        () => ForetellAsync("Microsoft.Web/sites/config", "param settings = { Retention__Runs: 30 }"),
        Throws.TypeOf<InvalidOperationException>().With.Message.Contains("Retention__Runs").And.Message.Contains("string"));

    [Test]
    public async Task Azd_ThatHandsNoEnvironmentToPublish_IsRefused(
        [Values("azure.yaml", "templates/content/agentfunctions-azure/azure.yaml")] string file) => Assert.That(
        await File.ReadAllTextAsync(Repository.Path(file), Cancel), Does.Contain("requiredVersions:\n  azd: \">= 1.23.7\"\n"));

    [TestCase("", 200)]
    [TestCase("param httpConcurrency = 50", 50)]
    public async Task Requests_ToAnInstanceAtOnce_AreAsMany(string parameters, int expected)
    {
        JsonNode app = await ForetellAsync("Microsoft.Web/sites", parameters);

        Assert.That((int?)app["properties"]!["functionAppConfig"]!["scaleAndConcurrency"]!["triggers"]!["http"]!
            ["perInstanceConcurrency"], Is.EqualTo(expected));
    }

    [TestCase("", true)]
    [TestCase("param apiKey = 'a key of one of us'", true)]
    [TestCase("param vaultName = 'kv-test'", false)]
    [TestCase("param vaultName = 'kv-test'\nparam apiKey = 'a key of one of us'", true)]
    public async Task Key_GivenOrOfAFirstDeployment_IsWritten(string parameters, bool isWritten) => Assert.That(
        await ForetellAllAsync("Microsoft.KeyVault/vaults/secrets", parameters), Has.Count.EqualTo(isWritten ? 1 : 0));

    [Test]
    public void Key_TooShort_IsRefused() => Assert.That(
        () => ForetellAllAsync("Microsoft.KeyVault/vaults/secrets", "param apiKey = 'short'"),
        Throws.TypeOf<InvalidOperationException>().With.Message.Contains("16"));

    [Test]
    public async Task Parameters_OfTheTemplate_AreThoseThatAzdGives()
    {
        (_, string template, _) = await BicepCompiler.RunAsync("build", Repository.Path("infra/main.bicep"), "--stdout");
        JsonObject given = JsonNode.Parse(await File.ReadAllTextAsync(Repository.Path("infra/main.parameters.json"), Cancel))!
            ["parameters"]!.AsObject();

        Assert.That(given.Select(static parameter => parameter.Key),
            Is.EquivalentTo(JsonNode.Parse(template)!["parameters"]!.AsObject()
                .Where(static parameter =>
                    (string?)parameter.Value!["metadata"]!["description"] != "Leave it to its default.")
                .Select(static parameter => parameter.Key)));
    }

    private static async Task<JsonNode> ForetellAsync(string type, string parameters) =>
        (await ForetellAllAsync(type, parameters)).Single();

    /// <summary>The resources of a type that a deployment makes.</summary>
    private static async Task<IReadOnlyList<JsonNode>> ForetellAllAsync(string type, string parameters)
    {
        using var folder = new TemporaryFolder();
        string source = Repository.Path("infra");
        foreach (string file in Directory.GetFiles(source, "*.bicep", SearchOption.AllDirectories))
        {
            folder.Write(Path.GetRelativePath(source, file), await File.ReadAllTextAsync(file, Cancel));
        }

        string path = folder.Write("test.bicepparam", $"""
            using './main.bicep'
            param environmentName = 'test'
            param location = 'westeurope'
            {parameters}
            """);
        (int code, _, string errors) = await BicepCompiler.RunAsync(
            "snapshot", path, "--mode", "overwrite", "--subscription-id", $"{Guid.Empty}", "--tenant-id", $"{Guid.Empty}");
        if (code != 0)
        {
            throw new InvalidOperationException(errors);
        }

        string foretold = await File.ReadAllTextAsync(Path.ChangeExtension(path, ".snapshot.json"), Cancel);
        return [.. JsonNode.Parse(foretold)!["predictedResources"]!.AsArray()
            .Where(resource => (string?)resource!["type"] == type).Select(static resource => resource!)];
    }
}
