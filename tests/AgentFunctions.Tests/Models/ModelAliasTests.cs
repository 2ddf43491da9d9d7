using AgentFunctions.Hosting;
using AgentFunctions.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Models;

internal sealed class ModelAliasTests
{
    [TestCase(null, "big", false)]
    [TestCase("small", "small", false)]
    [TestCase("gpt-small", "small", false)]
    [TestCase("haiku", "small", false)]
    [TestCase("HAIKU[1m]", "small", false)]
    [TestCase("claude-opus-4", "big", true)]
    public void ResolveFor_AName_FindsTheModelOrTheDefaultWithANote(string? name, string model, bool isNoted)
    {
        using ServiceProvider host = Host();

        ModelChoice choice = host.GetRequiredService<IModelCatalog>().ResolveFor(name);

        Assert.That(choice.Model.Name, Is.EqualTo(model));
        Assert.That(choice.Note is not null, Is.EqualTo(isNoted));
    }

    [Test]
    public void ResolveFor_Strict_RefusesWhatNobodyKnows()
    {
        using ServiceProvider host = Host(("Models:Strict", "true"));

        Assert.That(
            () => host.GetRequiredService<IModelCatalog>().ResolveFor("opus"),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.ModelNotFound));
    }

    [Test]
    public void ResolveFor_AnyOtherName_IsMappedByTheStar()
    {
        using ServiceProvider host = Host(("Models:Strict", "true"), ("Models:Aliases:*", "small"));

        Assert.That(host.GetRequiredService<IModelCatalog>().ResolveFor("opus").Model.Name, Is.EqualTo("small"));
    }

    [TestCase("big", "own")]
    [TestCase("default", "default")]
    [TestCase("Default", "Default")]
    public void Resolve_NoName_IsTheModelOfCodeUnlessOneIsCalledDefault(string configured, string model)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            [$"Models:{configured}:Provider"] = "openai",
            [$"Models:{configured}:Key"] = "x",
            [$"Models:{configured}:Model"] = "gpt",
        }).Build();
        using ServiceProvider host = new ServiceCollection().AddLogging().AddOpenAIModels(configuration)
            .AddAgentModel(static _ => RehearsalModel.Named("own", TimeSpan.Zero)).BuildServiceProvider();

        Assert.That(host.GetRequiredService<IModelCatalog>().Resolve(null).Name, Is.EqualTo(model));
        Assert.That(host.GetRequiredService<IModelCatalog>().Resolve("own").Name, Is.EqualTo("own"));
    }

    [Test]
    public void Resolve_ANameThatIsPinned_IsNeverReplaced()
    {
        using ServiceProvider host = Host();

        Assert.That(() => host.GetRequiredService<IModelCatalog>().Resolve("gone"), Throws.TypeOf<AgentException>());
    }

    private static ServiceProvider Host(params (string Key, string Value)[] more)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Models:big:Provider"] = "openai",
            ["Models:big:Key"] = "x",
            ["Models:big:Model"] = "gpt-big",
            ["Models:small:Provider"] = "openai",
            ["Models:small:Key"] = "x",
            ["Models:small:Model"] = "gpt-small",
            ["Models:Aliases:haiku"] = "small",
        }).AddInMemoryCollection(more.Select(one => KeyValuePair.Create(one.Key, (string?)one.Value))).Build();
        return new ServiceCollection().AddLogging().AddOpenAIModels(configuration).BuildServiceProvider();
    }
}
