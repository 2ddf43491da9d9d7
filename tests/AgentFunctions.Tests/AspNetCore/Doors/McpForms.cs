using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using DescriptionAttribute = System.ComponentModel.DescriptionAttribute;

namespace AgentFunctions.Tests.AspNetCore.Doors;

/// <summary>The forms, schemas and resources that MCP's conformance suites ask of a server.</summary>
internal static class McpForms
{
    /// <summary>The tools that have a form filled in.</summary>
    public static readonly (string Name, string Asked, string Form)[] Tools =
    [
        (
            "test_elicitation", "Please say who you are.",
            """
            {"type":"object","required":["username","email"],"properties":{
              "username":{"type":"string","description":"User's response"},"email":{"type":"string","description":"User's email address"}}}
            """),
        (
            "test_elicitation_sep1034_defaults", "Please check this.",
            """
            {"type":"object","properties":{
              "name":{"type":"string","default":"John Doe"},"age":{"type":"integer","default":30},"score":{"type":"number","default":95.5},
              "status":{"type":"string","enum":["active","inactive","pending"],"default":"active"},"verified":{"type":"boolean","default":true}}}
            """),
        (
            "test_elicitation_sep1330_enums", "Please choose.",
            """
            {"type":"object","properties":{
              "untitledSingle":{"type":"string","enum":["option1","option2","option3"]},
              "titledSingle":{"type":"string","oneOf":[
                {"const":"value1","title":"First Option"},{"const":"value2","title":"Second Option"},{"const":"value3","title":"Third Option"}]},
              "legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],"enumNames":["Option One","Option Two","Option Three"]},
              "untitledMulti":{"type":"array","items":{"type":"string","enum":["option1","option2","option3"]}},
              "titledMulti":{"type":"array","items":{"anyOf":[
                {"const":"value1","title":"First Choice"},{"const":"value2","title":"Second Choice"},{"const":"value3","title":"Third Choice"}]}}}}
            """),
    ];

    /// <summary>What a client can be asked for, as members of an object.</summary>
    public const string Name =
        """
        "user_name":{"method":"elicitation/create","params":{"message":"What is your name?",
          "requestedSchema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}}}
        """;

    public const string Sampling =
        """
        "greeting":{"method":"sampling/createMessage","params":{"maxTokens":50,
          "messages":[{"role":"user","content":{"type":"text","text":"Generate a greeting"}}]}}
        """;

    public const string Roots =
        """
        "client_roots":{"method":"roots/list","params":{}}
        """;

    /// <summary>A schema with what only the draft of 2020-12 has.</summary>
    public const string Schema2020 =
        """
        {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
         "$defs":{"address":{"$anchor":"addressDef","type":"object","properties":{"street":{"type":"string"},"city":{"type":"string"}}}},
         "properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},
           "contactMethod":{"type":"string","enum":["phone","email"]},"phone":{"type":"string"},"email":{"type":"string"}},
         "allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],
         "if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},
         "then":{"required":["phone"]},"else":{"required":["email"]},"additionalProperties":false}
        """;

    [McpServerResourceType]
    internal sealed class Resources
    {
        [McpServerResource(UriTemplate = "test://static-text", Name = "static-text", MimeType = "text/plain")]
        [Description("A text.")]
        public static string Text() => "This is the content of the static text resource.";

        [McpServerResource(UriTemplate = "test://template/{id}/data", Name = "template", MimeType = "application/json")]
        [Description("A text of an id.")]
        public static string Data(string id) => $$"""{"id":"{{id}}","templateTest":true,"data":"Data for ID: {{id}}"}""";
    }

    [McpServerPromptType]
    internal sealed class Prompts
    {
        [McpServerPrompt(Name = "test_simple_prompt")]
        [Description("A prompt.")]
        public static string Simple() => "This is a simple prompt for testing.";

        [McpServerPrompt(Name = "test_input_required_result_prompt")]
        [Description("A prompt that asks first.")]
        public static string Asked(RequestContext<GetPromptRequestParams> request) =>
            request.Params!.InputResponses?.TryGetValue("user_context", out InputResponse? answer) == true
                ? $"This is the context: {answer.RawValue}"
                : throw new InputRequiredException(new Dictionary<string, InputRequest>
                {
                    ["user_context"] = InputRequest.ForElicitation(new ElicitRequestParams
                    {
                        Message = "What context should the prompt use?",
                        RequestedSchema = new ElicitRequestParams.RequestSchema
                        {
                            Properties = { ["context"] = new ElicitRequestParams.StringSchema() },
                        },
                    }),
                });
    }

    /// <summary>A tool of the host's own, which is no run.</summary>
    [McpServerToolType]
    public sealed class OwnTools
    {
        [McpServerTool(Name = "test_logging_tool")]
        [Description("Answers at once.")]
        public static string Log() => "Answered.";
    }
}
