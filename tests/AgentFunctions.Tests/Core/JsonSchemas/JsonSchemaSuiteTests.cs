using System.Text.Json;
using AgentFunctions.Core.JsonSchemas;

namespace AgentFunctions.Tests.Core.JsonSchemas;

/// <summary>
/// The official suite of JSON Schema: of draft 7 as Debian's package <c>json-schema-test-suite</c> has it, and of whatever drafts
/// <c>AGENTFUNCTIONS_SCHEMA_SUITE</c> names a checkout of (long form: draft 2020-12 too).
/// </summary>
[TestFixture]
internal sealed class JsonSchemaSuiteTests
{
    private const string Package = "/usr/share/json-schema-test-suite";

    /// <summary>What is not supported, by draft, file and a part of the description; each with why.</summary>
    private static readonly (string File, string Part, string Why)[] NotSupported =
    [
        ("refRemote", "", "nothing is fetched"),
        ("vocabulary", "", "a schema cannot switch keywords off"),
        ("format", "", "a format is checked where a schema decides, not only noted"),
        ("ref", "remote ref, containing refs itself", "the meta-schema is not fetched"),
        ("defs", "validate definition against metaschema", "the meta-schema is not fetched"),
        ("definitions", "validate definition against metaschema", "the meta-schema is not fetched"),
        ("definitions", "definition", "the meta-schema is not fetched"),
        ("dynamicRef", "strict-tree schema, guards against misspelled properties", "the other schema is not fetched"),
        ("dynamicRef", "tests for implementation dynamic anchor and reference link", "the other schema is not fetched"),
        ("dynamicRef", "$ref and $dynamicAnchor are independent of order", "the other schema is not fetched"),
        ("dynamicRef", "$ref to $dynamicRef finds detached $dynamicAnchor", "the other schema is not fetched"),
        ("unevaluatedItems", "unevaluatedItems with $dynamicRef", "the base is named by an address that is not in the schema"),
    ];

    [TestCase("draft7")]
    [TestCase("draft2020-12")]
    public void Suite_OfADraft_IsDecidedRight(string draft)
    {
        string folder = Path.Combine(Environment.GetEnvironmentVariable("AGENTFUNCTIONS_SCHEMA_SUITE") ?? Package, "tests",
            draft);
        if (!Directory.Exists(folder))
        {
            string reason = $"no {folder}: install json-schema-test-suite, or set AGENTFUNCTIONS_SCHEMA_SUITE to a checkout of the suite";
            Assert.That(Environment.GetEnvironmentVariable("CI") is null || draft != "draft7", reason);
            Assert.Ignore(reason);
        }

        var wrong = new List<string>();
        int made = 0;
        foreach (string file in Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal))
        {
            using JsonDocument groups = JsonDocument.Parse(File.ReadAllText(file));
            foreach (JsonElement group in groups.RootElement.EnumerateArray())
            {
                string description = group.GetProperty("description").GetString()!;
                string name = Path.GetFileNameWithoutExtension(file);
                if (NotSupported.Any(left => left.File == name && description.Contains(left.Part, StringComparison.Ordinal)))
                {
                    continue;
                }

                JsonSchema schema = JsonSchema.Strict(OfDraft(draft, group.GetProperty("schema")));
                foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
                {
                    made++;
                    IReadOnlyList<string> errors = schema.Errors(test.GetProperty("data"));
                    if (errors.Count == 0 != test.GetProperty("valid").GetBoolean())
                    {
                        wrong.Add($"{name}: {description}: {test.GetProperty("description")}: {string.Join("; ", errors)}");
                    }
                }
            }
        }

        Assert.That(made, Is.GreaterThan(400), "the suite is there, and not an empty folder");
        Assert.That(wrong, Is.Empty);
    }

    /// <summary>The older suites leave it to who runs them to say which draft they are of.</summary>
    private static JsonElement OfDraft(string draft, JsonElement schema)
    {
        if (draft != "draft7" || schema.ValueKind != JsonValueKind.Object || schema.TryGetProperty("$schema", out _))
        {
            return schema;
        }

        var named = new Dictionary<string,
            JsonElement>
        { ["$schema"] = JsonElement.Parse("\"http://json-schema.org/draft-07/schema#\"") };
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            named[keyword.Name] = keyword.Value;
        }

        return JsonSerializer.SerializeToElement(named);
    }
}
