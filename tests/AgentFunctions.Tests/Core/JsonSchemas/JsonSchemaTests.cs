using System.Text.Json;
using AgentFunctions.Core.JsonSchemas;

namespace AgentFunctions.Tests.Core.JsonSchemas;

[TestFixture]
internal sealed class JsonSchemaTests
{
    [TestCase("""{"type":"string"}""", "\"x\"", null)]
    [TestCase("""{"type":"string"}""", "1", "the arguments must be a string, not a number")]
    [TestCase("""{"type":["string","null"]}""", "null", null)]
    [TestCase("""{"type":"string","nullable":true}""", "null", null)]
    [TestCase("""{"type":"integer"}""", "1.0", null)]
    [TestCase("""{"type":"integer"}""", "1.5", "must be an integer")]
    [TestCase("""{"enum":["a",2]}""", "2", null)]
    [TestCase("""{"enum":["a",2]}""", "3", "must be one of \"a\", 2")]
    [TestCase("""{"const":{"a":1}}""", """{"a":2}""", "must be {\"a\":1}")]
    [TestCase("""{"required":["a"]}""", "{}", "a is required")]
    [TestCase("""{"properties":{"a":{"properties":{"b":{"type":"number"}}}}}""", """{"a":{"b":"x"}}""",
        "a.b must be a number, not a string")]
    [TestCase("""{"properties":{"a":{}},"additionalProperties":false}""", """{"z":1}""", "z is not known; use a")]
    [TestCase("""{"additionalProperties":{"type":"number"}}""", """{"z":"1"}""", "z must be a number")]
    [TestCase("""{"items":{"type":"number"}}""", """[1,"x"]""", "[1] must be a number")]
    [TestCase("""{"minItems":2}""", "[1]", "at least 2 items, not 1")]
    [TestCase("""{"maxItems":1}""", "[1,2]", "at most 1 items, not 2")]
    [TestCase("""{"minLength":2}""", "\"🌍\"", "at least 2 characters, not 1")]
    [TestCase("""{"maxLength":1}""", "\"🌍\"", null)]
    [TestCase("""{"pattern":"^a+$"}""", "\"ab\"", "must match the pattern ^a+$")]
    [TestCase("""{"pattern":"(broken"}""", "\"ab\"", null)]
    [TestCase("""{"minimum":3}""", "2", "must be at least 3")]
    [TestCase("""{"maximum":3}""", "4", "must be at most 3")]
    [TestCase("""{"exclusiveMinimum":3}""", "3", "must be more than 3")]
    [TestCase("""{"exclusiveMaximum":3}""", "3", "must be less than 3")]
    [TestCase("""{"multipleOf":0.1}""", "0.3", null)]
    [TestCase("""{"multipleOf":5}""", "7", "must be a multiple of 5")]
    [TestCase("""{"anyOf":[{"type":"string"},{"type":"number"}]}""", "true", "none of the 2 forms")]
    [TestCase("""{"oneOf":[{"type":"number"},{"minimum":1}]}""", "2", "has 2 of the forms")]
    [TestCase("""{"allOf":[{"type":"number"},{"minimum":3}]}""", "2", "must be at least 3")]
    [TestCase("""{"not":{"type":"number"}}""", "2", "a form that the schema excludes")]
    [TestCase("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"number"}}}""", "\"x\"", "must be a number")]
    [TestCase("""{"$ref":"https://example.com/n"}""", "\"x\"", null)]
    [TestCase("true", "1", null)]
    [TestCase("false", "1", "is not allowed")]
    public void Errors_OfAValue(string schema, string value, string? error)
    {
        IReadOnlyList<string> errors = JsonSchema.ForServer(JsonElement.Parse(schema)).Errors(JsonElement.Parse(value));

        Assert.That(errors, error is null ? Is.Empty : Has.One.Contains(error));
    }

    [Test]
    public void Errors_SeveralFields_NamesAllOfThem()
    {
        IReadOnlyList<string> errors = JsonSchema.ForServer(
            JsonElement.Parse("""{"properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["c"]}""")).Errors(
            JsonElement.Parse("""{"a":"x","b":"y"}"""));

        Assert.That(errors, Has.Count.EqualTo(3));
    }

    /// <summary>The bound is one of steps, so that the test needs no clock: where there is none, it never ends.</summary>
    [TestCase("""{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}""")]
    [TestCase("""{"allOf":[{"$ref":"#"},{"$ref":"#"},{"$ref":"#"}]}""")]
    [TestCase("""{"$ref":"#"}""")]
    public void Errors_SchemaThatStandsForEndlessWork_SaysThatItCannotBeChecked(string schema)
    {
        JsonElement value = JsonElement.Parse("1");

        Assert.That(JsonSchema.Strict(JsonElement.Parse(schema)).Errors(value),
            Has.Some.Contains("cannot be checked").Or.Some.Contains("none of"));
        Assert.That(() => JsonSchema.ForServer(JsonElement.Parse(schema)).Errors(value), Throws.Nothing);
    }

    [Test]
    public void Errors_PatternThatTakesForEver_IsAnErrorOnlyWhereTheSchemaDecides()
    {
        JsonElement schema = JsonElement.Parse("""{"pattern":"^(a+)+\\1$"}""");
        JsonElement value = JsonElement.Parse($"\"{new string('a', 60)}!\"");

        Assert.That(JsonSchema.Strict(schema).Errors(value), Has.One.Contains("cannot be checked"));
        Assert.That(JsonSchema.ForServer(schema).Errors(value), Is.Empty);
    }

    [TestCase("""{"type":"integer"}""", "\"5\"")]
    [TestCase("""{"type":"number"}""", "\"5.5\"")]
    public void ForArguments_NumberInQuotes_Passes(string schema, string value)
    {
        Assert.That(JsonSchema.ForArguments(JsonElement.Parse(schema)).Errors(JsonElement.Parse(value)), Is.Empty);
        Assert.That(JsonSchema.ForServer(JsonElement.Parse(schema)).Errors(JsonElement.Parse(value)), Is.Not.Empty);
        Assert.That(JsonSchema.Strict(JsonElement.Parse(schema)).Errors(JsonElement.Parse(value)), Is.Not.Empty);
    }

    [TestCase("""{"items":{"properties":{"a":{}}}}""", """[{"a":1},{"A":1}]""", "[1].A is not known; use a")]
    [TestCase("""{"anyOf":[{"type":"null"},{"$ref":"#/$defs/o"}],"$defs":{"o":{"properties":{"a":{}},"additionalProperties":true}}}""", """{"A":1}""", "none of the 2 forms")]
    public void ForArguments_MemberInAnotherCase_IsRefused(string schema, string value, string error)
    {
        JsonElement written = JsonElement.Parse(value);

        Assert.That(JsonSchema.ForArguments(JsonElement.Parse(schema)).Errors(written), Has.Some.Contains(error));
        Assert.That(JsonSchema.ForServer(JsonElement.Parse(schema)).Errors(written), Is.Empty);
    }

    [Test]
    public void ForArguments_MembersThatDifferByCaseInTheSchema_Pass() => Assert.That(
        JsonSchema.ForArguments(JsonElement.Parse("""{"properties":{"a":{},"A":{}}}"""))
            .Errors(JsonElement.Parse("""{"a":1,"A":1}""")),
        Is.Empty);

    [TestCase("""{"properties":{"a":{"minimun":3}}}""", "$.properties.a: 'minimun' is not a keyword that can be checked")]
    [TestCase("""{"$ref":"https://example.com/n"}""", "leads nowhere, and nothing is fetched")]
    [TestCase("""{"$ref":"#/$defs/a"}""", "leads nowhere")]
    [TestCase("""{"type":"strnig"}""", "'type' must be one or a list of")]
    [TestCase("""{"pattern":"(broken"}""", "'pattern' must be a regular expression")]
    [TestCase("""{"patternProperties":{"(broken":{}}}""", "cannot be read")]
    [TestCase("""{"format":"unknown"}""", "the format \"unknown\" cannot be checked")]
    [TestCase("""{"type":"string","nullable":true}""", "is a keyword of OpenAPI")]
    [TestCase("""{"required":"a"}""", "'required' must be a list of names")]
    [TestCase("""{"minimum":"3"}""", "'minimum' must be a number")]
    [TestCase("""{"multipleOf":0}""", "above 0")]
    [TestCase("""{"properties":{"a":3}}""", "$.properties.a: a schema is a JSON object, true or false")]
    [TestCase("""{"allOf":{}}""", "'allOf' must be a list of schemas")]
    [TestCase("3", "a schema is a JSON object")]
    public void Unsupported_SchemaThatCannotDecide_NamesThePlace(string schema, string error) =>
        Assert.That(JsonSchema.Unsupported(JsonElement.Parse(schema)), Has.One.Contains(error));

    [TestCase("""{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"a","properties":{"format":{"type":"string"},"nullable":{}},"x-note":1}""")]
    [TestCase("""{"enum":[{"minimun":3}],"const":{"$ref":"nowhere"},"default":{"type":3},"examples":[{"pattern":"("}]}""")]
    [TestCase("""{"$ref":"#/$defs/a","$defs":{"a":{"$anchor":"b","type":["string","null"]},"c":{"$ref":"#b"}}}""")]
    public void Unsupported_SchemaThatDecides_HasNone(string schema) =>
    Assert.That(JsonSchema.Unsupported(JsonElement.Parse(schema)), Is.Empty);
}
