using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Durability;

namespace AgentFunctions.Tests.Agents;

public sealed class AgentBuilderTests
{
    private sealed record Finding(string File, int LineNumber);

    [Test]
    public void Create_ThreeLines_MakesAnAgent()
    {
        AgentDefinition agent = Agent.Create("auditor")
            .WithInstructions("Audit the folder.")
            .WithTools("read_file", "search_files");

        Assert.That(agent.Name, Is.EqualTo("auditor"));
        Assert.That(agent.Tools, Is.EqualTo(new[] { "read_file", "search_files" }));
        Assert.That(agent.Limits.MaxTurns, Is.Null);
        Assert.That(agent.Model, Is.Null);
    }

    [Test]
    public void WithOutput_AType_DerivesItsSchemaCamelCased()
    {
        AgentDefinition agent = Agent.Create("a").WithInstructions("x").WithOutput<Finding>();

        JsonElement properties = agent.OutputSchema!.Value.GetProperty("properties");
        Assert.That(properties.TryGetProperty("lineNumber", out _), Is.True, agent.OutputSchema.ToString());
    }

    [TestCase("", "x", "name")]
    [TestCase("a b", "x", "name")]
    [TestCase("../a", "x", "name")]
    [TestCase("a", " ", "instructions")]
    public void Build_AFieldIsWrong_NamesIt(string name, string instructions, string field)
    {
        AgentException error = Assert.Throws<AgentException>(() => Agent.Create(name).WithInstructions(instructions).Build())!;
        Assert.That(error.Code, Is.EqualTo(ErrorCode.InvalidInput));
        Assert.That(error.Message, Does.Contain(field + ":"));
    }

    [Test]
    public void Build_LimitsAreWrong_NamesThem()
    {
        AgentBuilder Valid() => Agent.Create("a").WithInstructions("x");
        Assert.That(() => Valid().WithMaxTurns(0).Build(), Throws.TypeOf<AgentException>().With.Message.Contains("maxTurns"));
        Assert.That(() => Valid().WithMaxTokens(0).Build(), Throws.TypeOf<AgentException>().With.Message.Contains("maxTokens"));
        Assert.That(
            () => Valid().WithMaxDuration(TimeSpan.Zero).Build(),
            Throws.TypeOf<AgentException>().With.Message.Contains("maxDuration"));
    }

    [Test]
    public void Hash_AfterARoundTripThroughJson_IsTheSame()
    {
        AgentDefinition agent = Agent.Create("a").WithDescription("d").WithInstructions("x").WithModel("m").WithTools("t")
            .WithoutTools("u")
            .WithMaxTurns(3).WithMaxTokens(4).WithMaxDuration(TimeSpan.FromHours(5)).WithOutput<Finding>()
            .WithExtra("colour", JsonElement.Parse("{\"b\":1,\"a\":[true]}"));

        AgentDefinition back = DurableJson.Deserialize<AgentDefinition>(DurableJson.Serialize(agent))!;

        Assert.That(back.Hash, Is.EqualTo(agent.Hash));
        Assert.That(back, Is.EqualTo(agent));
        Assert.That(agent.Hash, Has.Length.EqualTo(64));
    }

    [Test]
    public void Hash_AnyFieldDiffers_Differs()
    {
        AgentDefinition agent = Agent.Create("a").WithInstructions("x").Build();
        AgentDefinition[] others =
        [
            agent with { Name = "b" }, agent with { Description = "d" }, agent with { Instructions = "y" },
            agent with { Model = "m" },
            agent with { Tools = [] }, agent with { DisallowedTools = ["t"] }, agent with { Limits = new() { MaxTurns = 7 } },
            agent with { OutputSchema = JsonElement.Parse("{}") },
            agent with { Extra = new Dictionary<string, JsonElement> { ["k"] = JsonElement.Parse("1") } },
        ];

        Assert.That(others.Select(a => a.Hash).Append(agent.Hash).Distinct().Count(), Is.EqualTo(others.Length + 1));
    }

    [Test]
    public void Hash_MembersOfExtraAreInAnotherOrder_IsTheSame()
    {
        AgentDefinition One(string json) => Agent.Create("a").WithInstructions("x").WithExtra("k", JsonElement.Parse(json));
        Assert.That(One("{\"a\":1,\"b\":2}").Hash, Is.EqualTo(One("{ \"b\": 2, \"a\": 1 }").Hash));
    }
}
