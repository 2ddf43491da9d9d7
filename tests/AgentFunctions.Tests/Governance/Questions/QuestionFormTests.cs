using System.Text.Json;
using AgentFunctions.Governance.Questions;

namespace AgentFunctions.Tests.Governance.Questions;

/// <summary>Forms: what is read, what is refused with the place named, and what fits.</summary>
internal sealed class QuestionFormTests
{
    private const string Deployment = """
        {"type":"object","properties":{
          "region":{"type":"string","title":"Region","oneOf":[{"const":"weu","title":"West Europe"},{"const":"neu","title":"North Europe"}]},
          "keepDays":{"type":"integer","minimum":1,"maximum":365,"default":30},
          "share":{"type":"number","minimum":0,"maximum":1},
          "notify":{"type":"boolean","default":false},
          "owner":{"type":"string","format":"email","minLength":3,"maxLength":200},
          "days":{"type":"array","minItems":1,"items":{"type":"string","enum":["mon","tue"]}}},
         "required":["region"]}
        """;

    [Test]
    public void Read_EveryKind_HasFieldsInOrder()
    {
        var form = QuestionForm.Read(JsonElement.Parse(Deployment));

        Assert.That(form.Fields.Select(static field => (field.Name, field.Kind)), Is.EqualTo(new[]
        {
            ("region", QuestionFieldKind.Choice), ("keepDays", QuestionFieldKind.WholeNumber),
            ("share", QuestionFieldKind.Number),
            ("notify", QuestionFieldKind.YesNo), ("owner", QuestionFieldKind.Text), ("days", QuestionFieldKind.Choices),
        }));
        Assert.That(form.Fields[0].Choices,
            Is.EqualTo(new[] { new QuestionChoice("weu", "West Europe"), new QuestionChoice("neu", "North Europe") }));
        Assert.That(form.Fields.Select(static field => field.IsRequired),
            Is.EqualTo(new[] { true, false, false, false, false, false }));
        Assert.That(QuestionForm.Read(form.Schema).Schema.GetRawText(), Is.EqualTo(form.Schema.GetRawText()),
            "what is stored is read as the same form");
    }

    [TestCase("""{"region":"weu"}""")]
    [TestCase("""{"region":"neu","keepDays":365,"share":0.5,"notify":true,"owner":"bo@corp.example","days":["mon","tue"]}""")]
    public void Errors_OfAnswersThatFit_AreNone(string answers) =>
        Assert.That(QuestionForm.Read(JsonElement.Parse(Deployment)).Errors(JsonElement.Parse(answers)), Is.Empty);

    [TestCase("""{}""", "region")]
    [TestCase("""{"region":"mars"}""", "region")]
    [TestCase("""{"region":"West Europe"}""", "region")]
    [TestCase("""{"region":"weu","keepDays":0}""", "keepDays")]
    [TestCase("""{"region":"weu","keepDays":1.5}""", "keepDays")]
    [TestCase("""{"region":"weu","keepDays":"30"}""", "keepDays")]
    [TestCase("""{"region":"weu","share":2}""", "share")]
    [TestCase("""{"region":"weu","notify":"yes"}""", "notify")]
    [TestCase("""{"region":"weu","owner":"nobody"}""", "owner")]
    [TestCase("""{"region":"weu","days":[]}""", "days")]
    [TestCase("""{"region":"weu","days":["mon","mon"]}""", "days")]
    [TestCase("""{"region":"weu","more":1}""", "more")]
    [TestCase("""[]""", "answers")]
    public void Errors_OfAnswersThatDoNotFit_NameTheField(string answers, string field) =>
        Assert.That(
            QuestionForm.Read(JsonElement.Parse(Deployment)).Errors(JsonElement.Parse(answers)), Has.Some.Contains(field));

    [TestCase("""{"type":"array"}""", "form:")]
    [TestCase("""{"type":"object"}""", "form.properties")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"object"}}}""", "form.properties.a.type")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}}}}""", "form.properties.a.items")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string","format":"password"}}}""", "form.properties.a.format")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string","writeOnly":true}}}""", "form.properties.a.writeOnly")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string","enum":[]}}}""", "form.properties.a")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string","enum":["x","x"]}}}""", "form.properties.a")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string","enum":["x"],"enumNames":["X","Y"]}}}""", "enumNames")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}""", "form.properties.a.default")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"integer","minimum":"x"}}}""", "minimum")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string"}},"required":["b"]}""", "form.required")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string"}},"anyOf":[]}""", "form.anyOf")]
    [TestCase("""{"type":"object","properties":{"dbPassword":{"type":"string"}}}""", "dbPassword")]
    [TestCase("""{"type":"object","properties":{"api_key":{"type":"string"}}}""", "api_key")]
    [TestCase("""{"type":"object","properties":{"a":{"type":"string","title":"Your access token"}}}""", "form.properties.a")]
    public void Read_WhatIsNoForm_IsRefusedWithItsPlace(string schema, string place) => Assert.That(
        () => QuestionForm.Read(JsonElement.Parse(schema)),
        Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput).And.Message.Contains(place));

    [TestCase("tokenCount")]
    [TestCase("keyDate")]
    [TestCase("passengers")]
    public void Read_NameThatOnlyLooksLikeASecret_IsTaken(string name) =>
        Assert.That(QuestionForm.Read(Form($"\"{name}\":{{\"type\":\"string\"}}")).Fields, Has.Count.EqualTo(1));

    [Test]
    public void Read_TooManyFieldsOrBytes_IsRefused()
    {
        string fields = string.Join(',', Enumerable.Range(0, QuestionForm.MaxFields + 1).Select(static i => $$"""
            "f{{i}}":{"type":"string"}
            """));
        string longText = new('x', QuestionForm.MaxBytes);

        Assert.That(() => QuestionForm.Read(Form(fields)), Throws.TypeOf<AgentException>());
        Assert.That(
            () => QuestionForm.Read(Form($"\"a\":{{\"type\":\"string\",\"title\":\"{longText}\"}}")),
            Throws.TypeOf<AgentException>().With.Message.Contains("8192"));
        Assert.That(
            QuestionForm.Words.Errors(JsonElement.Parse($$"""{"answer":"{{new string('x', QuestionForm.MaxAnswerBytes)}}"}""")),
            Has.Some.Contains("answers"));
    }

    [Test]
    public void OfChoices_WithOther_TakesEitherButNotNothing()
    {
        var form = QuestionForm.OfChoices(["red", "blue"], allowOther: true);

        Assert.That(form.Errors(JsonElement.Parse("""{"answer":"red"}""")), Is.Empty);
        Assert.That(form.Errors(JsonElement.Parse("""{"other":"green"}""")), Is.Empty);
        Assert.That(form.Errors(JsonElement.Parse("""{}""")), Is.Not.Empty);
        Assert.That(QuestionForm.OfChoices(["red"], allowOther: false).Errors(JsonElement.Parse("""{"other":"green"}""")),
            Is.Not.Empty);
    }

    [TestCase("keepDays", "30", "30")]
    [TestCase("keepDays", "many", "\"many\"")]
    [TestCase("notify", "yes", "true")]
    [TestCase("notify", "false", "false")]
    [TestCase("region", "north europe", "\"neu\"")]
    [TestCase("region", "weu", "\"weu\"")]
    [TestCase("days", "mon, tue", "[\"mon\",\"tue\"]")]
    [TestCase("owner", "bo", "\"bo\"")]
    public void Parse_OfWhatAPersonTyped_IsOfTheFieldsKind(string field, string text, string json) => Assert.That(
        QuestionForm.Read(JsonElement.Parse(Deployment)).Fields.Single(one => one.Name == field).Parse(text).GetRawText(),
        Is.EqualTo(json));

    private static JsonElement Form(string properties) =>
        JsonElement.Parse("{\"type\":\"object\",\"properties\":{" + properties + "}}");
}
