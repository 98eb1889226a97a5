//! Events of AWS Lambda: API Gateway (REST and HTTP), Application Load Balancer, function URLs.
//!
//! Sources: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-alb.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::fields::{self, Fields};
use super::from_str;
use crate::failure::Failure;
use crate::http::HttpRequest;

/// What is escaped in a query that the gateway has decoded.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Format 1.0: REST APIs and load balancers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct V1 {
    http_method: String,
    path: String,
    headers: Option<Fields>,
    multi_value_headers: Option<Fields>,
    query_string_parameters: Option<Fields>,
    multi_value_query_string_parameters: Option<Fields>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    #[serde(default)]
    request_context: Context,
}

/// Format 2.0: HTTP APIs and function URLs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct V2 {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: Fields,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    #[serde(default)]
    request_context: Context,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    /// A load balancer writes it.
    elb: Option<IgnoredAny>,
    /// With the stage, which `path` lacks.
    path: Option<String>,
    domain_name: Option<String>,
    http: Option<Http>,
}

/// The event of format 2.0. One without a method is a POST, as webhooks are.
#[derive(Deserialize)]
#[serde(default)]
struct Http {
    method: String,
}

impl Default for Http {
    fn default() -> Self {
        Self { method: "POST".to_owned() }
    }
}

pub(super) fn read_v1(document: &str) -> Result<HttpRequest, Failure> {
    let event: V1 = from_str("an event of API Gateway or a load balancer", document)?;
    let is_elb = event.request_context.elb.is_some();
    let headers = event.multi_value_headers.or(event.headers).unwrap_or_default().0;
    let query = event.multi_value_query_string_parameters.or(event.query_string_parameters);
    let pairs = query.unwrap_or_default().0.into_iter().map(|(name, value)| {
        // A load balancer hands on what it got; a REST API has decoded it.
        let written = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
        if is_elb {
            format!("{name}={value}")
        } else {
            format!("{}={}", written(&name), written(&value))
        }
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    let path = event.request_context.path.clone().unwrap_or(event.path);
    let body = body(event.body, event.is_base64_encoded)?;
    let target = target(&event.request_context, &headers, &path, &query);
    Ok(HttpRequest::new(event.http_method, target, headers, body))
}

pub(super) fn read_v2(document: &str) -> Result<HttpRequest, Failure> {
    let event: V2 = from_str("an event of API Gateway or a function URL", document)?;
    let headers = event.headers.0;
    let target = target(&event.request_context, &headers, &event.raw_path, &event.raw_query_string);
    let method = event.request_context.http.unwrap_or_default().method;
    let body = body(event.body, event.is_base64_encoded)?;
    Ok(HttpRequest::new(method, target, headers, body))
}

/// The URL that was called, if the event says where; the gateways speak TLS alone.
fn target(context: &Context, headers: &[(String, String)], path: &str, query: &str) -> String {
    let mark = if query.is_empty() { "" } else { "?" };
    let host = fields::find(headers, "host").or(context.domain_name.as_deref());
    let scheme = fields::find(headers, "x-forwarded-proto").unwrap_or("https");
    match host {
        Some(host) => format!("{scheme}://{host}{path}{mark}{query}"),
        None => format!("{path}{mark}{query}"),
    }
}

fn body(body: Option<String>, is_base64: bool) -> Result<Vec<u8>, Failure> {
    let body = body.unwrap_or_default();
    if is_base64 { fields::decode(&body) } else { Ok(body.into_bytes()) }
}

#[cfg(test)]
mod tests {
    use crate::capture::read;

    #[test]
    fn a_rest_api_has_a_stage_and_a_decoded_query() {
        let event = r#"{"resource":"/sms","path":"/sms","httpMethod":"POST",
          "headers":{"Host":"a1.execute-api.us-east-1.amazonaws.com","X-Forwarded-Proto":"https"},
          "multiValueHeaders":{"Host":["a1.execute-api.us-east-1.amazonaws.com"],
            "X-Forwarded-Proto":["https"],"X-Twilio-Signature":["s="]},
          "queryStringParameters":{"z":"b","a":"1 + 1"},
          "multiValueQueryStringParameters":{"z":["a","b"],"a":["1 + 1"]},
          "pathParameters":null,"stageVariables":null,
          "requestContext":{"path":"/prod/sms","stage":"prod","domainName":"a1"},
          "body":"Qm9keT1h","isBase64Encoded":true}"#;
        let request = read(event.as_bytes(), None).unwrap();
        let url = "https://a1.execute-api.us-east-1.amazonaws.com/prod/sms?z=a&z=b&a=1%20%2B%201";
        assert_eq!((request.target.as_str(), request.body.as_slice()), (url, &b"Body=a"[..]));
        assert_eq!(request.header("x-twilio-signature").as_deref(), Some("s="));
        let broken = event.replace("Qm9keT1h", "Qm9keT1");
        assert!(read(broken.as_bytes(), None).is_err());
    }

    #[test]
    fn a_load_balancer_hands_on_the_query() {
        let event = r#"{"requestContext":{"elb":{"targetGroupArn":"arn:aws:x"}},"httpMethod":"POST",
          "path":"/sms","queryStringParameters":{"a":"1%20%2B"},
          "headers":{"host":"lb.example.com","x-forwarded-proto":"http"},
          "body":"Body=a","isBase64Encoded":false}"#;
        let request = read(event.as_bytes(), None).unwrap();
        assert_eq!(request.target, "http://lb.example.com/sms?a=1%20%2B");
        assert_eq!(request.body, b"Body=a");
    }

    #[test]
    fn an_http_api_and_a_function_url_have_the_raw_query() {
        let event = r#"{"version":"2.0","routeKey":"$default","rawPath":"/sms",
          "rawQueryString":"a=%2B&a","headers":{"x-twilio-signature":"s="},
          "requestContext":{"domainName":"id.lambda-url.us-east-1.on.aws",
            "http":{"method":"POST","path":"/sms"}},"body":"e30=","isBase64Encoded":true}"#;
        let request = read(event.as_bytes(), None).unwrap();
        assert_eq!(request.target, "https://id.lambda-url.us-east-1.on.aws/sms?a=%2B&a");
        assert_eq!((request.method.as_str(), request.body.as_slice()), ("POST", &b"{}"[..]));
    }
}
