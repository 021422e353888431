"""One file with the habits of the definition files out there, bound as a team would."""

from senza.definition import Component, bind
from tests.definition.accounts import Account
from tests.definition.conftest import Loads

HABITS = """\
# a comment with {{ braces }} and {{#an.open.section}}
SenzaComponents:
  - Configuration:
      Type: Senza::StupsAutoConfiguration
      AvailabilityZones: eu-central-1a
  - AppServer:
      Type: Senza::TaupageAutoScalingGroup
      SecurityGroups: "app-{{Arguments.Stage}}"
      IamRoles: [{Ref: Role}]
      IamInstanceProfile: {Ref: Profile}
      AutoScaling: {Minimum: "{{Arguments.Nodes}}", Maximum: "{{Arguments.Nodes}}"}
      UserData: "#cloud-config\\nhostname: {{Arguments.Stage}}{{#Arguments.Extra}}\\nextra: x{{/Arguments.Extra}}\\n"
      TaupageConfig:
        ports: {8080: 8080, 7979: 7979}
        environment: {DEBUG: no, WORKERS: 4, LIST: [a], MAP: {k: v}, TEAM: "{{ AccountInfo.TeamID }}"}
SenzaInfo:
  StackName: "shop-{{Arguments.Stage}}"
  Parameters:
    - Stage: {Description: "stage in {{AccountInfo.Region}}"}
    - Nodes: {Default: 2}
    - Extra: {Default: ""}
    - Bucket: {Default: "{{AccountInfo.MintBucket}}"}
  Tags: [{Stage: "{{Arguments.Stage}}"}]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Version: 2012-10-17}}
  Record:
    Type: AWS::Route53::RecordSet
    DependsOn: AppServer
    Properties: {SetIdentifier: "shop-{{Arguments.version}}", TTL: 20, Name: !GetAtt AppLoadBalancer.DNSName}
"""


def test_the_habits_of_real_files(loaded: Loads) -> None:
    result = bind(loaded(HABITS), "v3", ["live"], region="eu-central-1", account_info=Account())
    assert result.full_name == "shop-live-v3"
    assert result.warnings == ()
    assert result.info["Tags"] == [{"Stage": "live"}]
    assert result.parameters[0].settings == {"Description": "stage in <Region>"}
    assert result.parameters[3].settings == {"Default": "<MintBucket>"}
    server = Component(
        name="AppServer",
        type="Senza::TaupageAutoScalingGroup",
        settings={
            "SecurityGroups": "app-live",
            "IamRoles": [{"Ref": "Role"}],
            "IamInstanceProfile": {"Ref": "Profile"},
            "AutoScaling": {"Minimum": "2", "Maximum": "2"},
            "UserData": "#cloud-config\nhostname: live\n",
            "TaupageConfig": {
                "ports": {8080: 8080, 7979: 7979},
                "environment": {"DEBUG": False, "WORKERS": 4, "LIST": ["a"], "MAP": {"k": "v"}, "TEAM": "<TeamID>"},
            },
        },
        path=("SenzaComponents", 1, "AppServer"),
    )
    assert result.components == (
        Component(
            "Configuration",
            "Senza::StupsAutoConfiguration",
            {"AvailabilityZones": "eu-central-1a"},
            ("SenzaComponents", 0, "Configuration"),
        ),
        server,
    )
    assert result.template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"] == {"Version": "2012-10-17"}
    assert result.template["Resources"]["Record"]["Properties"] == {
        "SetIdentifier": "shop-v3",
        "TTL": 20,
        "Name": {"Fn::GetAtt": ["AppLoadBalancer", "DNSName"]},
    }
